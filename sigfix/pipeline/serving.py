"""A bundle served on this machine's loopback address, as a browser needs it."""

from __future__ import annotations

import json
import os
import posixpath
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sigfix.errors import UsageError
from sigfix.pipeline.bundle_form import INDEX

LOOPBACK = "127.0.0.1"
HOSTS = (LOOPBACK, "localhost")
"""What a browser may call this machine: another name is a page elsewhere that was led here."""
LARGEST_POST = 1 << 26

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".bin": "application/octet-stream",
}
HEADERS = {
    # These two let WebAssembly use threads, which share memory.
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{blob}; style-src 'self'; "
    "font-src 'self'; img-src 'self' blob:; connect-src 'self'; worker-src 'self'{blob}; "
    "media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page's own; TensorFlow.js's threads are started from blobs, by a worker."""

Extra = Mapping[str, tuple[str, bytes]]
"""Further addresses: the type and the content of what is there."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser may hang up in the middle; that is no fault of ours."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def served(
    folder: Path,
    port: int = 0,
    extra: Extra | None = None,
    take: Callable[[Any], None] | None = None,
) -> Iterator[str]:
    """Serve a folder in threads of its own for the block, and yield the address.

    Nothing outside the folder is given, links included. `extra` are further addresses, and `take`
    gets the JSON that a page posts. Port 0 is any free one.

    Raises `UsageError` where the port cannot be had.
    """
    try:
        server = _Server((LOOPBACK, port), _handler(folder, extra or {}, take))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"Port {port} of this machine cannot be used: {reason}.", "--port 0 takes a free one"
        ) from error
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield f"http://{LOOPBACK}:{server.server_port}/"
        finally:
            server.shutdown()


def _handler(
    folder: Path, extra: Extra, take: Callable[[Any], None] | None
) -> type[BaseHTTPRequestHandler]:
    root = folder.resolve()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(True)

        def do_HEAD(self) -> None:
            self._answer(False)

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            sized = length.isdecimal() and int(length) <= LARGEST_POST
            if take is None or not sized or not self._is_for_us():
                self.close_connection = True
                self._head(HTTPStatus.METHOD_NOT_ALLOWED, TYPES[".txt"], 0)
                return
            with suppress(ValueError, RecursionError):
                take(json.loads(self.rfile.read(int(length))))
            self._head(HTTPStatus.NO_CONTENT, TYPES[".txt"], 0)

        def _answer(self, with_body: bool) -> None:
            if not self._is_for_us():
                self._say(HTTPStatus.FORBIDDEN, "This server is for this machine alone.\n")
                return
            address = _address(self.path)
            if address in extra:
                kind, content = extra[address]
                self._head(HTTPStatus.OK, kind, len(content))
                if with_body:
                    self.wfile.write(content)
                return
            file = _file_at(root, address)
            try:
                opened = None if file is None else file.open("rb")
            except OSError:  # gone since, or not readable
                opened = None
            if file is None or opened is None:
                self._say(HTTPStatus.NOT_FOUND, f"There is no {address} in this bundle.\n")
                return
            with opened:
                kind = TYPES.get(file.suffix, TYPES[".bin"])
                self._head(HTTPStatus.OK, kind, os.fstat(opened.fileno()).st_size)
                if with_body:
                    shutil.copyfileobj(opened, self.wfile)

        def _is_for_us(self) -> bool:
            host = (self.headers.get("Host") or LOOPBACK).rpartition(":")
            return (host[0] or host[2]) in HOSTS

        def _say(self, status: HTTPStatus, text: str) -> None:
            content = text.encode("utf-8", "replace")
            self._head(status, TYPES[".txt"], len(content))
            if self.command != "HEAD":
                self.wfile.write(content)

        def _head(self, status: HTTPStatus, kind: str, length: int) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(length))
            for name, value in HEADERS.items():
                self.send_header(name, value)
            blob = "" if kind == TYPES[".html"] else " blob:"
            self.send_header("Content-Security-Policy", POLICY.format(blob=blob))
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the address is all that a user needs."""

    return Handler


def _address(asked: str) -> str:
    """The path of an address; "" of what is none."""
    try:
        return unquote(urlsplit(asked).path)
    except ValueError:  # brackets that are no IPv6 address
        return ""


def _file_at(root: Path, address: str) -> Path | None:
    """The file under an address; None for what is not there, or lies outside."""
    name = posixpath.normpath(address).lstrip("/")
    name = INDEX if address.startswith("/") and name in ("", ".") else name
    if "\0" in name or "\\" in name:
        return None
    try:
        file = (root / name).resolve()
        return file if file.is_relative_to(root) and file.is_file() else None
    except (OSError, ValueError):  # a name too long, or one that no file can have
        return None
