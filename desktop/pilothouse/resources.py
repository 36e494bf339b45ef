"""Finds a file of the top-level `resources` folder, installed or in a checkout.

A wheel carries that folder inside the package, as `_resources`; a checkout and an
editable install do not, there it lies two folders above. Looked for in this order.
Nothing is read here, and nothing but files of that folder is ever answered.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path, PurePosixPath


@cache
def root() -> Path:
    """The folder that holds the resources.

    Raises:
        FileNotFoundError: the installation is incomplete; installing again mends it.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "_resources", package.parent.parent / "resources"):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(
        f"Pilothouse's icons and texts are missing beside {package}. Install Pilothouse again."
    )


def resource(name: str) -> Path:
    """The file called `name`, a path with `/` below the folder, such as `icons/deploy.svg`.

    Raises:
        FileNotFoundError: there is no such file, or the name leads out of the folder.
    """
    relative = PurePosixPath(name)
    path = root().joinpath(*relative.parts)
    if relative.is_absolute() or ".." in relative.parts or not path.is_file():
        raise FileNotFoundError(f"Pilothouse has no resource {name!r}. Install Pilothouse again.")
    return path
