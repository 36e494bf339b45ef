"""Makes a checkout ready to run or to test: `python3 packaging/setup_check.py run|test`.

Needs nothing but Python 3.11 and its standard library; the syntax is old enough for an
older Python to read, so that it can say that it is too old. What stays true: everything
installed by pip is locked by hash; a stamp in `.venv` makes the second time quick;
system packages are installed only by root on a Debian system, and otherwise named in
one sentence with the command; what was not repaired is never passed over in silence.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OLDEST = (3, 11)

LOCKS = {"run": "requirements.lock", "test": "requirements-dev.lock"}

TEST_TOOLS = {
    # What tests start, and the Debian package that has it. A test whose tool is not
    # there skips with a reason that begins with "missing:"; in CI it fails.
    "Xvfb": "xvfb",
    "dbus-daemon": "dbus",
    "gnome-keyring-daemon": "gnome-keyring",
}

ODD_PACKAGES = {
    # Debian names a library's package after its soname; these are the exceptions.
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libGLdispatch.so.0": "libglvnd0",
}


class SetupError(Exception):
    """The checkout cannot be made ready; the text says why and what to do."""


# ---------------------------------------------------------------- Python and its packages


def check_python(version: tuple[int, int]) -> None:
    """Refuse a Python that is too old, naming the way to choose another one."""
    if version < OLDEST:
        raise SetupError(
            "Pilothouse needs Python {}.{} or newer; this is {}.{}. Name another one, as in: "
            "make run PYTHON=python3.12".format(*OLDEST, *version)
        )


def check_venv() -> None:
    """Have what makes virtual environments; Debian keeps it in a package of its own."""
    if importlib.util.find_spec("ensurepip") is None:
        provide(["python3-venv"], "Python's venv module", as_root=is_root())


def venv_python(venv: Path = VENV) -> Path:
    """The interpreter inside a virtual environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def fingerprint(kind: str, root: Path = ROOT) -> str:
    """Changes whenever what is installed for `kind` would have to be installed anew."""
    digest = hashlib.sha256(f"{root} {sys.version}".encode())
    for name in (LOCKS[kind], "pyproject.toml"):
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def is_current(kind: str, root: Path = ROOT, venv: Path = VENV) -> bool:
    """Whether `kind` is installed as locked. What serves the tests serves a run too."""
    if not venv_python(venv).exists():
        return False
    for installed in {kind, "test"}:
        stamp = venv / f"installed-{installed}"
        if stamp.is_file() and stamp.read_text() == fingerprint(installed, root):
            return True
    return False


def install(kind: str) -> None:
    """Fill `.venv` from the lock, then put the checkout itself in, by path."""
    lock = LOCKS[kind]
    print(f"Setting up .venv from {lock} (the first time this loads about 130 MB) …", flush=True)
    if not venv_python().exists():
        run([sys.executable, "-m", "venv", "--clear", str(VENV)])
    pip = [str(venv_python()), "-m", "pip", "install", "--disable-pip-version-check"]
    if not sys.stdout.isatty():
        pip.append("--quiet")
    run([*pip, "--require-hashes", "-r", lock])
    run([*pip, "--quiet", "--no-deps", "--no-build-isolation", "--editable", "."])
    (VENV / f"installed-{kind}").write_text(fingerprint(kind))


def run(command: list[str]) -> None:
    """Run in the checkout; its output is the person's to see."""
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        raise SetupError("This did not work: {}".format(" ".join(command)))


# ---------------------------------------------------------------- system packages


def debian_package(soname: str) -> str:
    """The Debian package of a shared library, by Debian's own rule for such names."""
    if soname in ODD_PACKAGES:
        return ODD_PACKAGES[soname]
    name, _, version = soname.partition(".so.")
    name = name.lower().replace("_", "-")
    return name + ("-" if name[-1:].isdigit() else "") + version


def missing_sonames(ldd_output: str) -> list[str]:
    """The libraries that `ldd` did not find, each once."""
    return sorted(set(re.findall(r"^\s*(\S+) => not found", ldd_output, re.MULTILINE)))


def qt_parts(kind: str, environment: dict[str, str]) -> list[str]:
    """The parts of Qt that will be loaded; none for a run without a display."""
    if kind == "test":
        return ["libqoffscreen"]
    displays = {"DISPLAY": "libqxcb", "WAYLAND_DISPLAY": "libqwayland"}
    return [plugin for name, plugin in displays.items() if environment.get(name)]


def missing_libraries(parts: list[str]) -> list[str]:
    """The Debian packages of the system libraries that these parts of Qt lack here."""
    found = sorted(VENV.glob("lib/python3*/site-packages/PySide6"))
    if not parts or not found or shutil.which("ldd") is None:
        return []
    files = [found[0] / "Qt" / "plugins" / "platforms" / f"{part}.so" for part in parts]
    files.append(found[0] / "QtNetwork.abi3.so")
    names = [str(file) for file in files if file.exists()]
    output = subprocess.run(["ldd", *names], capture_output=True, text=True, check=False).stdout
    return sorted({debian_package(soname) for soname in missing_sonames(output)})


def missing_tools() -> list[str]:
    """The Debian packages of the programs that tests start and this machine lacks."""
    return sorted(package for tool, package in TEST_TOOLS.items() if shutil.which(tool) is None)


def is_root() -> bool:
    """Whether we may install for the whole system."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def provide(packages: list[str], purpose: str, *, as_root: bool) -> None:
    """Install Debian packages if we may; else say in one sentence what to do."""
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    advice = "{} needs {}. Install with: {}{}".format(
        purpose, ", ".join(packages), "" if as_root else "sudo ", " ".join(command)
    )
    if shutil.which("apt-get") is None:
        raise SetupError(f"{advice} (these are Debian's names; yours may differ)")
    if not as_root:
        raise SetupError(advice)
    print(f"Installing {' '.join(packages)} for {purpose} …", flush=True)
    # Updating may fail in part and still find what is wanted: only the second one counts.
    apt(["apt-get", "update"])
    done = apt(command)
    if done.returncode:
        raise SetupError(f"{done.stdout}{done.stderr}\n{advice}")


def apt(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run it without questions, after any other installation that is under way."""
    return subprocess.run(
        [*command, "-o", "DPkg::Lock::Timeout=120"],
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        capture_output=True,
        text=True,
        check=False,
    )


def provide_libraries(parts: list[str]) -> None:
    """Have all system libraries that these parts of Qt load."""
    tried: list[str] = []
    # One that is missing can hide those that it needs itself: look again.
    while missing := missing_libraries(parts):
        if missing == tried:
            raise SetupError("Qt still lacks {} on this system.".format(", ".join(missing)))
        provide(missing, "Qt", as_root=is_root())
        tried = missing


def provide_desktop() -> None:
    """Have what whole-desktop tests need; without it those tests skip, and say so."""
    try:
        if missing := missing_tools():
            provide(missing, "Testing on a whole desktop", as_root=is_root())
        provide_libraries(["libqxcb"])
    except SetupError as reason:
        print(f"{reason}\nGoing on without; the tests that need it will be skipped.", flush=True)


def main(arguments: list[str]) -> int:
    """Make ready for `run` or `test`; 0, or 2 after one clear sentence."""
    [kind] = arguments
    try:
        check_python(sys.version_info[:2])
        if not is_current(kind):
            check_venv()
            install(kind)
        if sys.platform == "linux":
            provide_libraries(qt_parts(kind, dict(os.environ)))
            if kind == "test":
                provide_desktop()
    except SetupError as reason:
        print(reason, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
