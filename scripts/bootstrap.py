#!/usr/bin/env python3
"""Set a fresh checkout up: system libraries, uv, and the locked environment in `.venv`.

Needs the standard library of Python 3.11 and nothing else: no pip, venv, curl or compiler. What is
in place already is left alone, so that running it again costs next to nothing.
"""

from __future__ import annotations

import argparse
import base64
import configparser
import fcntl
import hashlib
import html
import http.client
import io
import os
import platform
import re
import shutil
import ssl
import subprocess
import sys
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SUPPORTED = ((3, 11), (3, 12), (3, 13))
PYTHON = ROOT / ".venv" / "bin" / "python"
STAMP = ROOT / ".tools" / "har-setup"
OLDER_STAMP = ROOT / ".venv" / "har-setup"  # of setups of before
PIP_CONFIGS = [Path("/etc/pip.conf"), Path("~/.config/pip/pip.conf").expanduser()]


class SetupError(Exception):
    """Setup cannot go on; the message says why and what to do."""


def main() -> int:
    """Set up what the arguments ask for; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dev", action="store_true", help="training, tests and linters too")
    parser.add_argument("--extra", action="append", default=[], help="an extra, such as cuda")
    arguments = parser.parse_args()
    try:
        check_python()
        check_extras(arguments.extra)
        set_up_system()
        set_up_environment({*arguments.extra, *(["train", "dev"] if arguments.dev else [])})
    except SetupError as error:
        print(f"setup: error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        where = error.filename or ROOT
        print(
            f"setup: error: {where}: {error.strerror or error}; see that you may write there, and"
            " that the disk has room: up to 4 GB with everything",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def say(text: str) -> None:
    """One line of progress, at once even where stdout is a pipe."""
    print(f"setup: {text}", flush=True)


def check_python() -> None:
    """Refuse a Python that is too old; for one that is too new, uv finds or fetches another."""
    if sys.version_info < SUPPORTED[0]:
        raise SetupError(f"this is Python {platform.python_version()}; 3.11 or newer is needed")


def check_extras(extras: list[str]) -> None:
    """Refuse an extra that there is not, before anything is changed."""
    known = known_extras() - {"dev"}
    if unknown := [extra for extra in extras if extra not in known]:
        raise SetupError(f"there is no extra {unknown[0]}; there are {', '.join(sorted(known))}")


def known_extras() -> set[str]:
    """What can be asked for besides the app: the extras, and what developers need."""
    import tomllib  # here, so that an older Python gets as far as to our message

    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file).get("project", {})
    return {"dev", *project.get("optional-dependencies", {})}


@contextmanager
def alone() -> Iterator[None]:
    """Wait until no other setup of this checkout is at work."""
    (ROOT / ".tools").mkdir(exist_ok=True)
    with (ROOT / ".tools" / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def set_up_system() -> None:
    """Install missing system packages where that is allowed, else print the line that does."""
    from har_desktop.system_libraries import apt_command, remedy

    if not (missing := missing_packages()):
        return
    say(f"this system lacks {', '.join(missing)}")
    prefix = privilege() if shutil.which("apt-get") else None
    if prefix is not None:
        for command in (["apt-get", "update"], apt_command(missing)):
            say(" ".join(command))
            whole = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", *command]
            done = subprocess.run(whole, capture_output=True, text=True, stdin=subprocess.DEVNULL)
            if done.returncode:
                say(f"apt-get failed:\n{done.stdout}{done.stderr}")
        missing = missing_packages()
    if missing:
        line = remedy(missing)
        if any(missing.values()):
            raise SetupError(f"please install what is missing, then run this again:\n  {line}")
        say(f"a window will need them; the rest works without. To install them:\n  {line}")


def missing_packages() -> dict[str, bool]:
    """What the system lacks, by APT's name if it has one, and whether nothing works without it."""
    from har_desktop.display import find_display
    from har_desktop.system_libraries import missing_libraries

    libraries = missing_libraries(find_display().window)
    missing = {library.name: library.essential for library in libraries}
    if sys.platform == "linux" and not certificates():
        missing["ca-certificates"] = True
    return missing


def certificates() -> bool:
    """Whether there is any certificate to check the package index against."""
    paths = ssl.get_default_verify_paths()
    folder = Path(paths.capath) if paths.capath else None
    return bool(paths.cafile or (folder and any(folder.iterdir())))


def privilege() -> list[str] | None:
    """What to put before a command to run it as root without a question; None where one can't."""
    if os.geteuid() == 0:
        return []
    may = ["sudo", "-n", "true"]
    if shutil.which("sudo") and not subprocess.run(may, capture_output=True).returncode:
        return ["sudo", "-n"]
    return None


def set_up_uv() -> Path:
    """The uv binary that the lock pins, in `.tools`: fetched and checked where it isn't there."""
    import tomllib  # here, so that an older Python gets as far as to our message

    with (ROOT / "uv.lock").open("rb") as file:
        lock = tomllib.load(file)
    package = next(package for package in lock["package"] if package["name"] == "uv")
    uv = ROOT / ".tools" / f"uv-{package['version']}" / "uv"
    if uv.exists():
        return uv
    wheel = pick_wheel(package["wheels"])
    say(f"fetching uv {package['version']} into {uv.parent.relative_to(ROOT)}")
    content = fetch(mirrored(wheel["url"]) if index_url() else wheel["url"])
    if f"sha256:{hashlib.sha256(content).hexdigest()}" != wheel["hash"]:
        raise SetupError(f"{wheel['url']} is not the file that uv.lock names: its hash differs")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        member = next(name for name in archive.namelist() if name.endswith("/scripts/uv"))
        binary = archive.read(member)
    uv.parent.mkdir(parents=True, exist_ok=True)
    partial = uv.with_suffix(f".{os.getpid()}")
    try:
        partial.write_bytes(binary)
        partial.chmod(0o755)
        partial.replace(uv)
    finally:
        partial.unlink(missing_ok=True)
    return uv


def pick_wheel(wheels: list[dict[str, str]]) -> dict[str, str]:
    """The wheel for this machine, by the platform tags in its file name."""
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine())
    if sys.platform == "darwin":
        wanted = "macosx"
    else:
        wanted = "manylinux" if platform.libc_ver()[0] == "glibc" else "musllinux"
    for wheel in wheels:
        tags = wheel["url"].removesuffix(".whl").rpartition("-")[2].split(".")
        if any(tag.startswith(wanted) and tag.endswith(machine) for tag in tags):
            return wheel
    raise SetupError(
        f"no uv for {sys.platform} on {machine} in uv.lock: install uv yourself, "
        "then use the `uv run` lines of README.md"
    )


def fetch(url: str) -> bytes:
    """Read an address, with the name and password in it if any; proxies as in the environment."""
    login, url = without_login(url)
    secret = base64.b64encode(urllib.parse.unquote(login).encode()).decode()
    try:
        request = urllib.request.Request(url)
        if login:  # not for whoever it may be redirected to
            request.add_unredirected_header("Authorization", f"Basic {secret}")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return bytes(answer.read())
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise SetupError(
            f"cannot fetch {url}: {getattr(error, 'reason', error)}. Is the network "
            "reachable? HTTPS_PROXY names a proxy, UV_DEFAULT_INDEX a mirror of the package index, "
            "SSL_CERT_FILE the certificates to trust"
        ) from error


def without_login(url: str) -> tuple[str, str]:
    """The name and password in an address, "" for none, and the address without them."""
    parts = urllib.parse.urlsplit(url)
    login, _, host = parts.netloc.rpartition("@")
    return login, urllib.parse.urlunsplit(parts._replace(netloc=host))


def index_url() -> str | None:
    """The package index that this machine is told to use instead of the one in the lock."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        if os.environ.get(name):
            return os.environ[name]
    config = configparser.ConfigParser(interpolation=None)
    config.read(PIP_CONFIGS)
    return config.get("global", "index-url", fallback=None)


def mirrored(url: str) -> str:
    """Where this machine's own package index keeps the file that `url` names."""
    page = f"{(index_url() or '').rstrip('/')}/uv/"
    name = url.rpartition("/")[2]
    login, address = without_login(page)
    for quoted in re.findall(r"""href=["']([^"']+)""", fetch(page).decode(errors="replace")):
        link = urllib.parse.urljoin(address, html.unescape(quoted))
        parts = urllib.parse.urlsplit(link)
        if parts.path.endswith(name):
            same = parts.netloc == urllib.parse.urlsplit(address).netloc
            host = f"{login}@{parts.netloc}" if login and same else parts.netloc
            return urllib.parse.urlunsplit(parts._replace(netloc=host))
    raise SetupError(f"{address} does not hold {name}")


class Stamp(NamedTuple):
    """What is in `.venv`: of which lock, where, and with which extras. Empty where not known."""

    digest: str = ""
    place: str | None = None
    extras: frozenset[str] = frozenset()


def set_up_environment(wanted: set[str]) -> None:
    """Sync `.venv` with the lock. What an earlier run put there stays: it is never narrowed.

    An environment knows where it lies, and which Python it was made for: where the checkout was
    moved, or the system's Python was replaced, it is made anew.
    """
    if is_in_line(stamp := read_stamp(), wanted):
        if stamp.place is None:  # of a setup of before
            with suppress(OSError):  # a checkout that takes nothing is in line all the same
                write_stamp(stamp._replace(place=place()))
    else:
        with alone():
            if not is_in_line(before := read_stamp(), wanted):  # nor did another one meanwhile
                bring_in_line(before, (before.extras & known_extras()) | wanted)


def is_in_line(stamp: Stamp, wanted: set[str]) -> bool:
    """Whether the environment is as the lock has it, where it was made, with all that is wanted."""
    there = PYTHON.exists() and is_here(stamp)
    return there and stamp.digest == digest_of_lock() and wanted <= stamp.extras


def bring_in_line(before: Stamp, extras: frozenset[str]) -> None:
    """Make the environment, where there is none that serves, and sync it."""
    uv = str(set_up_uv())
    say(f"bringing .venv in line with uv.lock ({', '.join(['app', *sorted(extras)])})")
    if not PYTHON.exists() or not is_here(before):
        fitting = ["--python", sys.executable] if sys.version_info[:2] in SUPPORTED else []
        remedy = "; Python 3.11 to 3.13 is needed: install one, name it with `make PYTHON=...`"
        anew = "--allow-existing" if before == Stamp() else "--clear"
        write_stamp(before._replace(digest=""))  # a failure must not forget what was there
        run([uv, "venv", anew, "--quiet", *fitting], remedy)
    write_stamp(Stamp("", place(), before.extras))
    for command in sync_commands(extras):
        run([uv, *command])
    write_stamp(Stamp(digest_of_lock(), place(), extras))


def digest_of_lock() -> str:
    """Of what decides which packages are wanted."""
    parts = [(ROOT / name).read_bytes() for name in ("uv.lock", "pyproject.toml")]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def place() -> str:
    """Where the environment lies, and what its Python is in the end."""
    return f"{ROOT} {PYTHON.resolve()}"


def is_here(stamp: Stamp) -> bool:
    """Whether an environment was made for this place; setups of before did not note it."""
    script = PYTHON.with_name("har-desktop")
    if stamp.place is None and script.exists():
        return str(ROOT).encode() in script.read_bytes()[:1024]  # its first line names the Python
    return stamp.place in (None, place())


def read_stamp() -> Stamp:
    """What the last setup noted."""
    stamp = STAMP if STAMP.exists() else OLDER_STAMP
    lines = stamp.read_text().splitlines() if stamp.exists() else []
    if len(lines) == 1:  # one of before
        digest, *extras = lines[0].split()
        return Stamp(digest, None, frozenset(extras))
    if len(lines) != 3:
        return Stamp()
    return Stamp(lines[0], lines[1] or None, frozenset(lines[2].split()))


def write_stamp(stamp: Stamp) -> None:
    """Note it, whole or not at all."""
    partial = STAMP.with_suffix(".new")
    text = "\n".join([stamp.digest, stamp.place or "", " ".join(sorted(stamp.extras))])
    partial.write_text(f"{text}\n")
    partial.replace(STAMP)


def sync_commands(wanted: frozenset[str]) -> list[list[str]]:
    """What uv has to do, in order."""
    chosen = [] if "dev" in wanted else ["--no-dev"]
    chosen += [part for extra in sorted(wanted - {"dev"}) for part in ("--extra", extra)]
    if not index_url():
        return [["sync", "--locked", *chosen]]
    # `uv sync` would fetch from the addresses in the lock. Its versions and hashes hold for a
    # mirror just as well.
    listed = str(ROOT / ".tools" / "requirements.txt")
    export = ["export", "--quiet", "--frozen", "--no-emit-project", "--output-file", listed]
    return [
        [*export, *chosen],
        ["pip", "sync", "--python", ".venv", "--require-hashes", listed],
        ["pip", "install", "--python", ".venv", "--no-deps", "--editable", "."],
    ]


# With these, uv leaves out what was asked for, and says nothing.
NARROWING = (
    "UV_NO_DEV",
    "UV_NO_DEFAULT_GROUPS",
    "UV_NO_GROUP",
    "UV_NO_INSTALL_PROJECT",
    "UV_NO_EDITABLE",
)


def uv_environment() -> dict[str, str]:
    """The environment variables for uv: it shall use what `fetch` uses."""
    environment = {"UV_SYSTEM_CERTS": "true", "UV_HTTP_TIMEOUT": "120", **os.environ}
    environment["UV_PROJECT_ENVIRONMENT"] = ".venv"
    for name in ("VIRTUAL_ENV", *NARROWING):
        environment.pop(name, None)
    if index := index_url():
        environment["UV_DEFAULT_INDEX"] = index
    return environment


def run(command: list[str], remedy: str = "") -> None:
    """Run a step of uv in the checkout; its own lines tell what went wrong."""
    if subprocess.run(command, cwd=ROOT, env=uv_environment(), check=False).returncode:
        step = " ".join(["uv", *command[1:]])
        raise SetupError(f"`{step}` failed, see the lines above{remedy}")


if __name__ == "__main__":
    sys.exit(main())
