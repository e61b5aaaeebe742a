"""scripts/bootstrap.py: from a bare checkout to an environment."""

import hashlib
import os
import platform
import subprocess
import sys
import threading
import tomllib
import zipfile
from base64 import b64encode
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there uv is run by hand")
ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "bootstrap.py"
FAKE_UV = """#!/bin/sh
echo "$@" >> "$(dirname "$0")/calls"
[ "$1" = venv ] && mkdir -p .venv/bin && touch .venv/bin/python
exit "${FAKE_UV_EXIT:-0}"
"""


@pytest.fixture
def checkout(bootstrap, tmp_path, monkeypatch):
    """A checkout whose lock pins a uv that only writes down how it is called."""
    root = tmp_path / "check out"
    (root / "index" / "uv").mkdir(parents=True)
    (root / "pyproject.toml").write_text("[project.optional-dependencies]\ntrain = []\ncuda = []\n")
    wheel = root / "index" / "uv" / f"uv-1.2.3-py3-none-{platform_tag()}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("uv-1.2.3.data/scripts/uv", FAKE_UV)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (root / "uv.lock").write_text(
        '[[package]]\nname = "uv"\nversion = "1.2.3"\n'
        f'wheels = [{{ url = "{wheel.as_uri()}", hash = "sha256:{digest}" }}]\n'
    )
    monkeypatch.setattr(bootstrap, "ROOT", root)
    monkeypatch.setattr(bootstrap, "PYTHON", root / ".venv" / "bin" / "python")
    monkeypatch.setattr(bootstrap, "STAMP", root / ".tools" / "har-setup")
    monkeypatch.setattr(bootstrap, "OLDER_STAMP", root / ".venv" / "har-setup")
    return root


def platform_tag() -> str:
    if sys.platform == "darwin":
        return f"macosx_11_0_{platform.machine()}"
    libc = "manylinux_2_17" if platform.libc_ver()[0] == "glibc" else "musllinux_1_1"
    return f"{libc}_{platform.machine()}"


def calls(root: Path) -> list[str]:
    path = root / ".tools" / "uv-1.2.3" / "calls"
    return path.read_text().splitlines() if path.exists() else []


def test_needs_nothing_but_the_standard_library():
    done = subprocess.run(
        [sys.executable, "-I", "-S", SCRIPT, "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "--dev" in done.stdout


def test_an_older_python_is_told_so(bootstrap, monkeypatch, capsys):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 10, 13))
    monkeypatch.setattr(bootstrap.sys, "argv", ["bootstrap.py"])
    assert bootstrap.main() == 1
    assert "3.11 or newer is needed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("system", "machine", "libc", "tag"),
    [
        ("linux", "x86_64", "glibc", "manylinux_2_17_x86_64"),
        ("linux", "aarch64", "glibc", "manylinux_2_17_aarch64"),
        ("linux", "x86_64", "", "musllinux_1_1_x86_64"),
        ("darwin", "arm64", "", "arm64"),
    ],
)
def test_the_lock_holds_uv_for_every_platform(bootstrap, monkeypatch, system, machine, libc, tag):
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    wheels = next(p for p in lock["package"] if p["name"] == "uv")["wheels"]
    monkeypatch.setattr(bootstrap.sys, "platform", system)
    monkeypatch.setattr(bootstrap.platform, "machine", lambda: machine)
    monkeypatch.setattr(bootstrap.platform, "libc_ver", lambda: (libc, ""))
    assert tag in bootstrap.pick_wheel(wheels)["url"].rpartition("/")[2]


def test_unknown_machine_is_told_what_to_do(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap.platform, "machine", lambda: "pdp11")
    with pytest.raises(bootstrap.SetupError, match=r"no uv for \w+ on pdp11.*README"):
        bootstrap.pick_wheel([{"url": "x/uv-1-py3-none-manylinux_2_17_x86_64.whl"}])


def test_fetched_uv_is_the_one_in_the_lock(bootstrap, checkout):
    uv = bootstrap.set_up_uv()
    assert uv == checkout / ".tools" / "uv-1.2.3" / "uv"
    assert os.access(uv, os.X_OK)
    assert subprocess.run([uv, "--version"], check=True).returncode == 0


def test_a_changed_wheel_is_refused_and_leaves_nothing(bootstrap, checkout):
    wheel = next((checkout / "index" / "uv").glob("*.whl"))
    wheel.write_bytes(wheel.read_bytes() + b"x")
    with pytest.raises(bootstrap.SetupError, match="its hash differs"):
        bootstrap.set_up_uv()
    assert not (checkout / ".tools").exists()


def test_unreachable_index_is_one_clear_line(bootstrap, checkout):
    next((checkout / "index" / "uv").glob("*.whl")).unlink()
    with pytest.raises(bootstrap.SetupError, match=r"cannot fetch file:.*UV_DEFAULT_INDEX"):
        bootstrap.set_up_uv()


@pytest.fixture
def mirror(checkout):
    """A package index on loopback that wants a login, and holds the wheel at its own place."""
    wheel = next((checkout / "index" / "uv").glob("*.whl"))
    lock = checkout / "uv.lock"
    lock.write_text(lock.read_text().replace("file://", "https://gone.invalid"))
    page = checkout / "simple" / "uv" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text(
        f'<a href="uv-0.tar.gz">-</a> <a href="../../index/uv/{wheel.name}#sha256=0">-</a>'
    )
    handler = partial(GuardedHandler, directory=checkout)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://jo:s%40cret@127.0.0.1:{server.server_port}/simple"
        server.shutdown()


class GuardedHandler(SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.headers["Authorization"] == "Basic " + b64encode(b"jo:s@cret").decode():
            super().do_GET()
        else:
            self.send_error(401)

    def log_message(self, *_):
        pass


def test_a_mirror_serves_uv_and_all_that_the_lock_names(bootstrap, checkout, mirror, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", mirror)
    bootstrap.set_up_environment({"train"})
    export, sync, install = calls(checkout)[1:]
    assert "--frozen" in export
    assert "--no-dev --extra train" in export
    assert "--require-hashes" in sync
    assert "--no-deps --editable ." in install
    assert bootstrap.uv_environment()["UV_DEFAULT_INDEX"] == mirror


def test_absolute_links_of_the_same_host_need_the_login_too(
    bootstrap, checkout, mirror, monkeypatch
):
    page = checkout / "simple" / "uv" / "index.html"
    host = mirror.rpartition("@")[2].removesuffix("/simple")
    page.write_text(page.read_text().replace("../..", f"http://{host}"))
    monkeypatch.setenv("UV_DEFAULT_INDEX", mirror)
    assert bootstrap.set_up_uv().exists()


def test_a_mirror_that_lacks_uv_is_told_without_the_password(
    bootstrap, checkout, mirror, monkeypatch
):
    (checkout / "simple" / "uv" / "index.html").write_bytes("<a href='Größe'>".encode("latin-1"))
    monkeypatch.setenv("UV_DEFAULT_INDEX", mirror)
    with pytest.raises(bootstrap.SetupError, match=r"does not hold uv-1\.2\.3") as told:
        bootstrap.set_up_uv()
    assert "cret" not in str(told.value)


def test_a_login_is_not_for_those_that_one_is_redirected_to(bootstrap, mirror, monkeypatch):
    heard = []

    class Elsewhere(GuardedHandler):
        def do_GET(self):
            heard.append(self.headers["Authorization"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"here")

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        there = f"http://127.0.0.1:{server.server_port}/"

        def redirect(self):
            self.send_response(302)
            self.send_header("Location", there)
            self.end_headers()

        monkeypatch.setattr(GuardedHandler, "do_GET", redirect)
        assert bootstrap.fetch(f"{mirror}/uv/") == b"here"
        server.shutdown()
    assert heard == [None]


def test_what_narrows_an_environment_is_not_for_uv_to_know(bootstrap, monkeypatch):
    for name in bootstrap.NARROWING:
        monkeypatch.setenv(name, "1")
    assert not set(bootstrap.NARROWING) & set(bootstrap.uv_environment())


def test_a_refused_login_is_told_without_the_password(bootstrap, mirror):
    with pytest.raises(bootstrap.SetupError, match=r"cannot fetch http://127.*: Unauth") as refused:
        bootstrap.fetch(mirror.replace("s%40cret", "guessed"))
    assert "guessed" not in str(refused.value)
    refused.value.__cause__.close()  # the answer, which the script's end would close


def test_a_mirror_may_stand_in_pip_s_configuration(bootstrap, tmp_path, monkeypatch):
    config = tmp_path / "pip.conf"
    config.write_text("[global]\nindex-url = https://mirror.invalid/%40/simple\n")
    monkeypatch.setattr(bootstrap, "PIP_CONFIGS", [tmp_path / "absent", config])
    assert bootstrap.index_url() == "https://mirror.invalid/%40/simple"


def test_second_run_does_nothing(bootstrap, checkout):
    bootstrap.set_up_environment(set())
    first = calls(checkout)
    bootstrap.set_up_environment(set())
    assert first[1:] == ["sync --locked --no-dev"]
    assert calls(checkout) == first


def test_environment_grows_and_never_shrinks(bootstrap, checkout):
    bootstrap.set_up_environment({"cuda"})
    bootstrap.set_up_environment({"train", "dev"})
    bootstrap.set_up_environment(set())
    assert calls(checkout)[-1] == "sync --locked --extra cuda --extra train"
    with (checkout / "uv.lock").open("a") as lock:
        lock.write("# changed\n")
    bootstrap.set_up_environment(set())
    assert len(calls(checkout)) == 4
    assert calls(checkout)[-1] == "sync --locked --extra cuda --extra train"


def test_failed_sync_is_told_and_tried_again(bootstrap, checkout, monkeypatch):
    bootstrap.set_up_environment(set())
    monkeypatch.setenv("FAKE_UV_EXIT", "2")
    with pytest.raises(bootstrap.SetupError, match="`uv sync --locked --no-dev --extra train`"):
        bootstrap.set_up_environment({"train"})
    monkeypatch.delenv("FAKE_UV_EXIT")
    bootstrap.set_up_environment(set())
    assert len(calls(checkout)) == 4
    assert calls(checkout)[-1] == "sync --locked --no-dev"  # the app still starts


def test_an_update_that_fails_forgets_no_extra(bootstrap, checkout, monkeypatch):
    bootstrap.set_up_environment({"cuda"})
    (checkout / "uv.lock").write_text((checkout / "uv.lock").read_text() + "# changed\n")
    monkeypatch.setenv("FAKE_UV_EXIT", "2")
    with pytest.raises(bootstrap.SetupError):
        bootstrap.set_up_environment(set())
    monkeypatch.delenv("FAKE_UV_EXIT")
    bootstrap.set_up_environment(set())
    assert calls(checkout)[-1] == "sync --locked --no-dev --extra cuda"


def test_an_extra_that_there_is_not_changes_nothing(bootstrap, checkout, monkeypatch, capsys):
    bootstrap.set_up_environment({"cuda"})
    before = calls(checkout)
    monkeypatch.setattr(bootstrap.sys, "argv", ["bootstrap.py", "--extra", "cdua"])
    assert bootstrap.main() == 1
    assert "there is no extra cdua; there are cuda, train" in capsys.readouterr().err
    assert calls(checkout) == before


def test_a_checkout_that_was_moved_gets_an_environment_of_its_own(
    bootstrap, checkout, monkeypatch, tmp_path
):
    bootstrap.set_up_environment({"train"})
    moved = tmp_path / "elsewhere"
    checkout.rename(moved)
    (moved / "uv.lock").write_text((moved / "uv.lock").read_text())
    for name, path in (
        ("ROOT", ""),
        ("PYTHON", ".venv/bin/python"),
        ("STAMP", ".tools/har-setup"),
        ("OLDER_STAMP", ".venv/har-setup"),
    ):
        monkeypatch.setattr(bootstrap, name, moved / path)
    bootstrap.set_up_environment(set())
    venv, sync = calls(moved)[2:]
    assert venv.startswith("venv --clear")
    assert sync == "sync --locked --no-dev --extra train"


def test_another_python_of_the_system_gets_an_environment_of_its_own(bootstrap, checkout):
    bootstrap.set_up_environment(set())
    python = checkout / ".venv" / "bin" / "python"
    python.unlink()
    for name in ("python3.12", "python3.13"):  # the link stays, and leads elsewhere
        (checkout / name).touch()
    python.symlink_to(checkout / "python3.12")
    (checkout / "python3.12").unlink()
    (checkout / "python3.12").symlink_to("python3.13")
    bootstrap.set_up_environment(set())
    assert calls(checkout)[2].startswith("venv --clear")
    bootstrap.set_up_environment(set())
    assert len(calls(checkout)) == 4


def test_a_python_that_is_gone_forgets_no_extra(bootstrap, checkout):
    bootstrap.set_up_environment({"cuda"})
    python = checkout / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to(checkout / "gone")
    bootstrap.set_up_environment(set())
    venv, sync = calls(checkout)[2:]
    assert venv.startswith("venv --clear")
    assert sync == "sync --locked --no-dev --extra cuda"


def test_an_environment_that_cannot_be_made_anew_forgets_no_extra(bootstrap, checkout, monkeypatch):
    bootstrap.set_up_environment({"cuda"})
    (checkout / ".venv" / "bin" / "python").unlink()
    monkeypatch.setenv("FAKE_UV_EXIT", "2")
    with pytest.raises(bootstrap.SetupError, match="venv --clear"):
        bootstrap.set_up_environment(set())
    monkeypatch.delenv("FAKE_UV_EXIT")
    bootstrap.set_up_environment(set())
    assert calls(checkout)[-1] == "sync --locked --no-dev --extra cuda"


@pytest.mark.parametrize("moved", [False, True])
def test_a_stamp_of_before_and_an_empty_one(bootstrap, checkout, moved):
    bootstrap.set_up_environment({"train"})
    (checkout / ".tools" / "har-setup").unlink()
    (checkout / ".venv" / "har-setup").write_text(f"{bootstrap.digest_of_lock()} train")
    where = "/elsewhere" if moved else checkout
    (checkout / ".venv" / "bin" / "har-desktop").write_text(f"#!{where}/.venv/bin/python\n")
    bootstrap.set_up_environment(set())
    if moved:
        assert calls(checkout)[2].startswith("venv --clear")
        assert calls(checkout)[3] == "sync --locked --no-dev --extra train"
        return
    assert len(calls(checkout)) == 2
    assert bootstrap.read_stamp().place == bootstrap.place()
    (checkout / ".tools" / "har-setup").write_text("")
    bootstrap.set_up_environment(set())
    assert calls(checkout)[2:] == ["sync --locked --no-dev"]


def test_a_disk_that_takes_nothing_is_one_line(bootstrap, checkout, monkeypatch, capsys):
    (checkout / ".tools").touch()  # where a folder is to be
    monkeypatch.setattr(bootstrap, "set_up_system", lambda: None)
    monkeypatch.setattr(bootstrap.sys, "argv", ["bootstrap.py"])
    assert bootstrap.main() == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"setup: error: {checkout / '.tools'}: ")
    assert "the disk has room" in line
