"""`sigfix serve`: what it gives, with which headers, and what it refuses."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sigfix.errors import UsageError
from sigfix.pipeline.bundle_form import KEY, damages, read_manifest
from sigfix.pipeline.replacing import why_not_replaced
from sigfix.pipeline.serving import served

FILES = {
    "index.html": b"<!doctype html>",
    "ocr/index.js": b"export {};",
    "kernels/index.mjs": b"export {};",
    "tfjs/a.wasm": b"\0asm",
    "models/detection/model.json": b"{}",
    "models/detection/group1-shard1of1.bin": b"12345678",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "site"
    for name, content in FILES.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    sizes = {name: len(content) for name, content in FILES.items()}
    (place / "bundle.json").write_text(json.dumps({KEY: 1, "files": sizes}), "utf-8")
    (tmp_path / "secret.txt").write_text("secret")
    return place


@pytest.fixture
def connection(folder: Path) -> Iterator[http.client.HTTPConnection]:
    with served(folder) as address:
        opened = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
        yield opened
        opened.close()


def got(
    connection: http.client.HTTPConnection, path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/index.html?x=1", "text/html; charset=utf-8"),
        ("/ocr/index.js", "text/javascript; charset=utf-8"),
        ("/kernels/index.mjs", "text/javascript; charset=utf-8"),
        ("/tfjs/a.wasm", "application/wasm"),
        ("/models/detection/model.json", "application/json"),
        ("/models/detection/group1-shard1of1.bin", "application/octet-stream"),
    ],
)
def test_files_come_with_their_types(connection, path: str, kind: str) -> None:
    status, headers, body = got(connection, path)
    name = path.lstrip("/").partition("?")[0] or "index.html"
    assert (status, headers["Content-Type"], body) == (200, kind, FILES[name])
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe-eval'" not in headers["Content-Security-Policy"].replace("wasm-unsafe-eval'", "")
    status, headers, body = got(connection, path, "HEAD")
    assert (status, headers["Content-Length"], body) == (200, str(len(FILES[name])), b"")


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/ocr/..%2f..%2fsecret.txt", "/..%5csecret.txt",
     "/link.txt", "/ocr", "/ocr/", "/nothing", "/%00", "/" + "a" * 5000],
)  # fmt: skip
def test_nothing_else_is_given(connection, folder: Path, path: str) -> None:
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    status, _, body = got(connection, path)
    assert status == 404
    assert b"secret\n" not in body


@pytest.mark.parametrize("path", ["//[", "//[::1", "*", "/%ff%fe", "/\x7f"])
def test_odd_addresses_are_no_fault_of_the_server(
    connection, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    connection._validate_path = lambda _: None  # what a browser would never send
    assert got(connection, path)[0] == 404
    assert got(connection, "/")[0] == 200
    assert capsys.readouterr().err == ""


def test_parts_of_a_file_are_not_given(connection) -> None:
    """A server may answer with all of it, and browsers take that."""
    status, _, body = got(connection, "/ocr/index.js", Range="bytes=0-3")
    assert (status, body) == (200, FILES["ocr/index.js"])


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_changed(connection, method: str, folder: Path) -> None:
    assert got(connection, "/index.html", method)[0] == 501
    assert (folder / "index.html").read_bytes() == FILES["index.html"]


def test_a_file_that_is_gone(
    connection, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:
    def gone(self: Path, *_: object) -> None:
        raise PermissionError("not readable")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "open", gone)
        assert got(connection, "/ocr/index.js")[0] == 404
    (folder / "index.html").unlink()
    assert got(connection, "/")[0] == 404
    assert capsys.readouterr().err == ""


def test_localhost_is_this_machine(folder: Path) -> None:
    """A name that may be an IPv6 address as well."""
    with served(folder) as address:
        port = urlsplit(address).port
        opened = http.client.HTTPConnection("localhost", port, timeout=10)
        assert got(opened, "/")[0] == 200
        opened.close()


def test_pages_of_other_names_get_nothing(connection) -> None:
    assert got(connection, "/", Host="example.org")[0] == 403
    assert got(connection, "/", Host="localhost:80")[0] == 200
    assert got(connection, "/", "POST")[0] == 405


def test_a_port_that_is_taken(folder: Path) -> None:
    with served(folder) as address:
        port = urlsplit(address).port
        assert port is not None
        with pytest.raises(UsageError, match=f"Port {port} of this machine cannot be used"):
            served(folder, port).__enter__()


def test_ctrl_c_stops_it(folder: Path) -> None:
    (folder / "models/detection/group1-shard1of1.bin").write_bytes(b"123")
    process = subprocess.Popen(
        [sys.executable, "-m", "sigfix", "serve", str(folder), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    address = process.stdout.readline().split()[-1]
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
    assert got(connection, "/")[0] == 200
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "is damaged: models/detection/group1-shard1of1.bin has 3 bytes, not 8" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("fault", ["none", "file", "empty", "model", "newer", "broken"])
def test_what_is_no_bundle_is_refused(folder: Path, fault: str) -> None:
    words = {"none": "does not exist", "file": "is a file", "newer": "of version 1",
             "broken": "cannot be read"}  # fmt: skip
    place = folder.parent / fault
    if fault == "file":
        place.write_text("x")
    elif fault != "none":
        place.mkdir()
    if fault == "model":
        (place / "model.json").write_text("{}")
    if fault in ("newer", "broken"):
        (place / "bundle.json").write_text(json.dumps({KEY: 2}) if fault == "newer" else "{")
    with pytest.raises(UsageError, match=words.get(fault, "has no bundle.json")) as caught:
        read_manifest(place)
    assert caught.value.hint is not None
    assert "sigfix" in caught.value.hint


def test_what_is_damaged_is_named(folder: Path) -> None:
    manifest = read_manifest(folder)
    assert damages(folder, manifest) == []
    (folder / "tfjs/a.wasm").unlink()
    assert damages(folder, manifest) == ["tfjs/a.wasm is missing"]


def test_a_manifest_names_nothing_outside(folder: Path) -> None:
    files = {"../secret.txt": 6, "/etc/passwd": 1, "ok.txt": 1, "odd": "x"}
    (folder / "bundle.json").write_text(json.dumps({KEY: 1, "files": files}))
    assert set(read_manifest(folder).files) == {"ok.txt"}


def test_force_replaces_a_bundle_and_nothing_more(folder: Path) -> None:
    assert why_not_replaced(folder) == ""
    (folder / "page").mkdir()
    (folder / "page" / "mine.txt").write_text("mine")
    assert "page/mine.txt" in why_not_replaced(folder)
    (folder / "bundle.json").write_text(json.dumps({KEY: 2}))
    assert "something else" in why_not_replaced(folder)
