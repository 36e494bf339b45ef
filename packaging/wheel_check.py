"""Builds the wheel offline and starts it outside of the checkout: nothing may be missing.

Run by `make test` with the Python of `.venv`. What stays true: the wheel is put alone into
an empty folder, and what is started comes from there, never from the checkout.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

LOOK = """
import sys, pathlib, pilothouse, pilothouse.resources
target = pathlib.Path(sys.argv[1]).resolve()
for place in (pathlib.Path(pilothouse.__file__).resolve(), pilothouse.resources.root()):
    assert target in place.parents, f"{place} is not of the wheel"
assert any(path.is_file() for path in pilothouse.resources.root().rglob("*")), "no resources"
"""


def start(*command: str, cwd: Path, **variables: str) -> str:
    """What the command prints; an error shows all it said."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


def main() -> None:
    """Build, unpack, start."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        target = place / "target"
        start(
            *(sys.executable, "-m", "build", "--no-isolation", "--wheel"),
            *("--outdir", folder),
            cwd=ROOT,
        )
        [wheel] = place.glob("*.whl")
        start(
            *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"),
            *("--disable-pip-version-check", "--target", str(target), str(wheel)),
            cwd=place,
        )
        surroundings = {"PYTHONPATH": str(target), "PILOTHOUSE_HOME": str(place / "home")}
        start(sys.executable, "-c", LOOK, str(target), cwd=place, **surroundings)
        said = start(sys.executable, "-m", "pilothouse", "--version", cwd=place, **surroundings)
        version = wheel.name.split("-")[1]
        if version not in said:
            raise SystemExit(f"the wheel is {version}, but the program in it says: {said}")
        print(f"{wheel.name}: {wheel.stat().st_size // 1024} KiB, starts by itself: {said}")


if __name__ == "__main__":
    main()
