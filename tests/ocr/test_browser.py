"""sigfix-ocr in Chromium, in its worker, under a strict policy, from every kind of image."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import pytest
from PIL import Image

from sigfix.verifying.runners.chromium import find_chromium
from sigfix.verifying.runners.node import WEB, find_node, packages_directory
from tests.browsers import opened
from tests.ocr import models
from tests.ocr.reading import read
from tests.ocr.test_lines import difference
from tests.ocr.test_read import MOST, written

HERE = Path(__file__).parent
TYPES = {".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript",
         ".wasm": "application/wasm", ".png": "image/png", ".jpg": "image/jpeg"}  # fmt: skip
TFJS = "/packages/@tensorflow"
PAGE = written(0, 400, 600)

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="needs Chromium")


class Site:
    """Folders and files under addresses, and what the page posts."""

    def __init__(self, folders: dict[str, Path], files: dict[str, bytes]) -> None:
        self.folders, self.files = folders, files
        self.done = threading.Event()
        self.result: dict[str, Any] = {}
        self.headers: dict[str, str] = {}
        self.asked: list[str] = []

    def content(self, address: str) -> bytes | None:
        if address in self.files:
            return self.files[address]
        top, _, rest = address.lstrip("/").partition("/")
        path = self.folders.get(top, HERE / "nowhere") / rest
        return path.read_bytes() if path.is_file() else None

    def handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = site.content(self.path)
                site.asked.append(self.path)
                self.send_response(404 if content is None else 200)
                kind = TYPES.get(Path(self.path).suffix, "application/octet-stream")
                self.send_header("Content-Type", kind)
                for name, value in site.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content or b"")

            def do_POST(self) -> None:
                site.result = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(204)
                self.end_headers()
                site.done.set()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        return Handler


def browse(site: Site, flags: list[str], seconds: float = 120) -> dict[str, Any]:
    """What the page posted."""
    with ThreadingHTTPServer(("127.0.0.1", 0), site.handler()) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/page.html"
        opened(address, site.done, seconds, flags)
        server.shutdown()
    assert site.result, "the page posted nothing"
    assert "error" not in site.result, site.result
    return site.result


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("site")
    models.write_detector(place / "detection")
    models.write_means(place / "recognition", models.RECOGNISER)
    models.write_means(place / "orientation", models.CLASSIFIER)
    return place


def site_of(folder: Path, backend: str, **more: str) -> Site:
    packages = packages_directory(find_node()) / "node_modules"
    settings = {
        "worker": True, "backend": backend,
        "scripts": [f"{TFJS}/tfjs/dist/tf.min.js",
                    f"{TFJS}/tfjs-backend-wasm/dist/tf-backend-wasm.min.js"],
        "wasmPaths": f"{TFJS}/tfjs-backend-wasm/dist/",
        "detection": "/models/detection/model.json",
        "recognition": "/models/recognition/model.json",
        **more,
    }  # fmt: skip
    turned = folder / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    Image.fromarray(PAGE).save(turned, exif=exif)
    encoded, png = cv2.imencode(".png", PAGE[..., ::-1])
    assert encoded
    files = {
        "/page.html": (HERE / "page.html").read_bytes(),
        "/page.mjs": (HERE / "page.mjs").read_bytes(),
        "/page.png": png.tobytes(),
        "/turned.jpg": turned.read_bytes(),
        "/request.json": json.dumps({"settings": settings}).encode(),
        "/favicon.ico": b"",
    }
    folders = {"packages": packages, "models": folder, "ocr": WEB / "ocr",
               "kernels": WEB / "kernels"}  # fmt: skip
    return Site(folders, files)


def check(folder: Path, result: dict[str, Any]) -> None:
    models_of = {"detection": folder / "detection", "recognition": folder / "recognition"}
    (node,) = read([{"options": {**models_of, "straight": True}, "images": [PAGE]}])
    assert node["text"]
    assert set(result["texts"].values()) == {node["text"]} == {result["after"]}
    assert len(result["texts"]) == 7
    assert difference(result["pages"], node["pages"], MOST) == ""
    assert result["turned"] == [600, 400]
    assert result["aborted"]["name"] == "AbortError"
    assert "cannot be decoded as an image" in result["noImage"]["message"]
    assert "/nowhere/model.json cannot be loaded" in result["missing"]["message"]
    assert "The backend nothing did not start" in result["noBackend"]["message"]
    assert result["violations"] == []
    assert result["messages"] == []


def test_a_page_is_read_in_the_worker(folder: Path) -> None:
    result = browse(site_of(folder, "wasm"), [])
    check(folder, result)


@pytest.mark.matrix
def test_webgl(folder: Path) -> None:
    check(folder, browse(site_of(folder, "webgl"), ["--use-angle=swiftshader"]))


@pytest.mark.parametrize("reads", [6, pytest.param(100, marks=pytest.mark.matrix)])
def test_nothing_is_left_behind_and_each_stage_stops(folder: Path, reads: int) -> None:
    """Many reads: no tensor, no listener; a read can be aborted at each step."""
    site = site_of(folder, "wasm", orientation="/models/orientation/model.json")
    site.files["/page.mjs"] = (HERE / "leaks.mjs").read_bytes()
    site.files["/worker.mjs"] = (HERE / "counting_worker.mjs").read_bytes()
    request = {**json.loads(site.files["/request.json"]), "reads": reads}
    site.files["/request.json"] = json.dumps(request).encode()
    result = browse(site, [], seconds=400)
    assert result["before"]["tensors"] > 0
    assert result["after"] == result["before"]
    assert result["texts"] == [result["first"]]
    assert result["first"]
    steps = [step for step, _ in result["aborted"]]
    assert {step.split()[0] for step in steps} == {"detection", "orientation", "recognition"}
    *stopped, (last, _) = result["aborted"]
    assert {outcome for _, outcome in stopped} == {"AbortError"}
    assert last.startswith("recognition")


@pytest.mark.parametrize(("workers", "threads"), [("'self' blob:", 2), ("'self'", 1)])
def test_two_threads_read_what_one_does(folder: Path, workers: str, threads: int) -> None:
    """TensorFlow.js starts its threads from blobs: without them there is one, and no waiting."""
    site = site_of(folder, "wasm")
    site.headers = {
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Content-Security-Policy": f"worker-src {workers}",
    }
    site.files["/page.mjs"] = (HERE / "threads.mjs").read_bytes()
    site.files["/worker.mjs"] = (HERE / "threads_worker.mjs").read_bytes()
    result = browse(site, [])
    assert result["isolated"]
    assert site.asked.count("/kernels/thread.mjs") == threads - 1
    one, two = ([json.loads(read) for read in result[count]] for count in ("one", "two"))
    assert one[0] == one[1]
    assert two[0] == two[1]
    assert difference(two[0], one[0], MOST) == ""
