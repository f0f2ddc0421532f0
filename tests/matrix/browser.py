"""Run a TensorFlow.js graph model in a real, headless browser, on one of its backends.

A server on this machine's loopback address gives the browser the page, the model, TensorFlow.js
(the packages that sigfix itself uses in Node.js) and the inputs, and takes the outputs back.
WebGL and WebGPU are computed in software, so that they run where there is no graphics card.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

from sigfix.verifying.runners import node as nodejs
from tests.browsers import BACKEND_FLAGS, CHROMIUM, opened

HERE = Path(__file__).parent
ISOLATED = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
"""What a page needs to be allowed memory that threads share."""
TIME_LIMIT_SECONDS = 300.0
_TYPES = {".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript"}
_TYPES |= {".json": "application/json", ".wasm": "application/wasm"}

Arrays = dict[str, Any]


@dataclass(frozen=True)
class BrowserRun:
    """What a model computed in the browser, or `error`, why it did not.

    `kernels` says whether sigfix's were used.
    `mode` is `execute` or `executeAsync`, `seconds` the first execution, compilation of shaders
    included, `renderer` what computes for WebGL and WebGPU.
    """

    outputs: Arrays
    mode: str = ""
    backend: str = ""
    kernels: bool = False
    renderer: str = ""
    seconds: float = 0.0
    error: str = ""
    threads: int = 1
    times_ms: Sequence[float] = ()


def run(
    model: Path,
    inputs: Mapping[str, Any],
    outputs: Sequence[str],
    backend: str,
    time_limit: float = TIME_LIMIT_SECONDS,
    *,
    kernels: bool = False,
    threads: int = 1,
    repeat: int = 0,
    name: str = CHROMIUM,
) -> BrowserRun:
    """Run `model` (a folder with model.json) once with `inputs`, by signature key, on `backend`.

    `kernels` are those of `sigfix/web/kernels`; with more `threads` than one the wasm backend is
    its build for several. `repeat` more executions are timed. `name` is one of `BROWSERS`.

    Raises `RuntimeError` where that browser is not installed.
    """
    packages = nodejs.packages_directory(nodejs.find_node()) / "node_modules"
    session = _Session(model.resolve(), packages, inputs, outputs, backend)
    session.ask(kernels=kernels, threads=threads, repeat=repeat)
    with ThreadingHTTPServer(("127.0.0.1", 0), session.handler()) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            address = f"http://127.0.0.1:{server.server_port}/page.html"
            flags = BACKEND_FLAGS.get(backend, ()) if name == CHROMIUM else ()
            opened(address, session.done, time_limit, flags, name)
        finally:
            server.shutdown()
    return session.read(time_limit)


class _Session:
    """What one page is given and what it has sent back."""

    def __init__(
        self,
        model: Path,
        packages: Path,
        inputs: Mapping[str, Any],
        outputs: Sequence[str],
        backend: str,
    ) -> None:
        self.folders = {"model": model, "packages": packages, "kernels": nodejs.WEB / "kernels"}
        self.names = list(outputs)
        self.done = threading.Event()
        self.result: dict[str, Any] | None = None
        self.received: dict[str, bytes] = {}
        specs = []
        self.served: dict[str, bytes] = {
            f"/{name}": (HERE / name).read_bytes() for name in ("page.html", "page.mjs")
        }
        for number, (name, array) in enumerate(inputs.items()):
            url = f"/input/{number}"
            specs.append(
                {"name": name, "dtype": str(array.dtype), "shape": array.shape, "url": url}
            )
            self.served[url] = np.ascontiguousarray(array).tobytes()
        self.request = {"backend": backend, "inputs": specs, "outputs": self.names}
        self.ask()

    def ask(self, **more: object) -> None:
        """Give the page its request, with what else it is to do."""
        self.served["/request.json"] = json.dumps({**self.request, **more}).encode()

    def content(self, path: str) -> bytes | None:
        """What lies under `path`; None for what the page has no business with."""
        if path in self.served:
            return self.served[path]
        top, _, rest = path.lstrip("/").partition("/")
        folder = self.folders.get(top)
        file = None if folder is None else (folder / rest).resolve()
        inside = file is not None and folder is not None and file.is_relative_to(folder)
        return file.read_bytes() if inside and file is not None and file.is_file() else None

    def take(self, path: str, body: bytes) -> None:
        """Keep what the page posts."""
        if path == "/result":
            self.result = json.loads(body)
            self.done.set()
        else:
            self.received[path] = body

    def read(self, time_limit: float) -> BrowserRun:
        """The page's outputs by name."""
        if self.result is None:
            return BrowserRun({}, error=f"no result within {time_limit:g} s")
        if "error" in self.result:
            return BrowserRun({}, error=str(self.result["error"]))
        arrays = {}
        for number, (name, spec) in enumerate(
            zip(self.names, self.result.pop("outputs"), strict=True)
        ):
            values = np.frombuffer(self.received[f"/output/{number}"], spec["dtype"])
            arrays[name] = values.reshape(spec["shape"])
        return BrowserRun(arrays, **self.result)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """A request handler class that serves this session."""
        session = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = session.content(self.path)
                self.send_response(404 if content is None else 200)
                kind = _TYPES.get(Path(self.path).suffix, "application/octet-stream")
                self.send_header("Content-Type", kind)
                for header, value in ISOLATED.items():
                    self.send_header(header, value)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            def do_POST(self) -> None:
                session.take(self.path, self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing: the test says what went wrong."""

        return Handler
