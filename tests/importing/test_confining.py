"""What a confined process can no longer do, each thing by each of the ways that stop it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TRIES = {
    "write": "open('{outside}/made', 'w')",
    "write with os": "os.open('{outside}/made', os.O_WRONLY | os.O_CREAT)",
    "make a folder": "os.mkdir('{outside}/made')",
    "remove": "os.remove('{outside}/there')",
    "truncate": "os.truncate('{outside}/there', 0)",
    "move out": "os.rename('{inside}/there', '{outside}/made')",
    "link": "os.symlink('/', '{outside}/made')",
    "start a program": "subprocess.run(['true'])",
    "remove from an open folder": "os.remove('there', dir_fd=os.open('{outside}', 0))",
    "remove from beside an open folder": (
        "os.remove('../outside/there', dir_fd=os.open('{inside}', 0))"
    ),
    "start a program by a shell": "os.system('touch {outside}/made')",
    "connect": "socket.create_connection(('127.0.0.1', {port}), 5)",
    "listen": "socket.socket().bind(('127.0.0.1', 0))",
    "resolve": "socket.getaddrinfo('localhost', 80)",
}
NATIVE = {
    "write": "libc.open(b'{outside}/made', 0o101, 0o600) < 0",
    "remove": "libc.unlink(b'{outside}/there') < 0",
    "make a folder": "libc.mkdir(b'{outside}/made', 0o700) < 0",
    "start a program": "libc.system(b'touch {outside}/made') != 0",
    "connect": "libc.connect(libc.socket(2, 1, 0), address, 16) < 0",
}
PROGRAM = """
import ctypes, os, socket, struct, subprocess, sys
from pathlib import Path
from sigfix.importing.confining import confine
libc = ctypes.CDLL(None)
address = struct.pack('<HHI8x', 2, socket.htons({port}), 0x0100007f)
got = confine([Path('{inside}')], 1 << 20)
{body}
print(','.join(got))
"""


def attempt(body: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    import socket

    tmp_path.mkdir(exist_ok=True)
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "there").write_text("here")
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        names = {"inside": inside, "outside": outside, "port": server.getsockname()[1]}
        text = PROGRAM.replace("{body}", body)
        for name, value in names.items():
            text = text.replace(f"{{{name}}}", str(value))
        done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
    assert {item.name for item in outside.iterdir()} == {"there"}, done.stderr
    assert (outside / "there").read_text() == "here"
    return done


@pytest.mark.parametrize("what", TRIES)
def test_python_is_refused(what: str, tmp_path: Path) -> None:
    done = attempt(TRIES[what], tmp_path)
    assert "PermissionError: the model tried to" in done.stderr


@pytest.mark.parametrize("what", NATIVE)
def test_native_code_is_refused_by_the_system(what: str, tmp_path: Path) -> None:
    if "landlock" not in attempt("", tmp_path / "probe").stdout:
        pytest.skip("this system has no Landlock")
    done = attempt(f"assert {NATIVE[what]}", tmp_path)
    assert done.returncode == 0, done.stderr


def test_what_is_needed_still_works(tmp_path: Path) -> None:
    body = (
        "Path('{inside}/new').write_text('x'); os.mkdir('{inside}/d')\n"
        "os.rename('{inside}/new', '{inside}/d/new'); os.remove('{inside}/there')\n"
        "import shutil; shutil.rmtree('{inside}/d')  # removes by descriptors\n"
        "open(os.devnull, 'w').write('x'); open('{outside}/there').read()"
    )
    done = attempt(body, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "audit hook" in done.stdout


def test_a_file_cannot_grow_without_end(tmp_path: Path) -> None:
    done = attempt("open('{inside}/large', 'wb').write(bytes(2 << 20))", tmp_path)
    assert done.returncode != 0
    assert (tmp_path / "inside" / "large").stat().st_size <= 1 << 20
