"""Documents as docTR's Python reads them, and as a bundle does in a browser."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sigfix.pipeline.serving import TYPES, served
from tests.browsers import BACKEND_FLAGS, CHROMIUM, opened
from tests.documents.rendering import Document
from tests.environments import ROOT

HERE = Path(__file__).parent
WEIGHTS = ROOT / "examples" / "weights"
DETECTOR, RECOGNISER = "db_mobilenet_v3_large", "crnn_mobilenet_v3_small"
BACKENDS = ("wasm", "webgl", "webgpu")
SECONDS = 300.0
"""For a document on a backend that is computed in software."""

Page = dict[str, Any]


def weights_of(name: str) -> Path:
    """The sample weights of a model."""
    return WEIGHTS / f"{name}.fp16.safetensors"


def missing() -> list[str]:
    """Sample weights that are not there."""
    files = [weights_of(name) for name in (DETECTOR, RECOGNISER)]
    return [file.name for file in files if not file.is_file()]


def read_with_doctr(documents: Sequence[Document]) -> list[Page]:
    """What `doctr.models.ocr_predictor` exports of each, with the sample weights."""
    from doctr.models import detection, ocr_predictor, recognition

    options = {"pretrained": False, "pretrained_backbone": False}
    detector = getattr(detection, DETECTOR)(**options)
    recogniser = getattr(recognition, RECOGNISER)(**options)
    for name, model in ((DETECTOR, detector), (RECOGNISER, recogniser)):
        _load(model, weights_of(name))
    predictor = ocr_predictor(detector.eval(), recogniser.eval(), pretrained=False)
    pages = []
    for document in documents:
        read = predictor([np.asarray(document.image.convert("RGB"))])
        pages += read.export(reading_order=False)["pages"]
    return pages


def _load(model: Any, file: Path) -> None:
    from safetensors.torch import load_file

    values = {name: value.float() for name, value in load_file(file).items()}
    absent, unknown = model.load_state_dict(values, strict=False)
    assert not unknown, unknown
    assert all(name.endswith("num_batches_tracked") for name in absent), absent  # training's


def read_in_browser(
    site: Path,
    documents: Sequence[Document],
    backend: str,
    keep: Callable[[Document, Page, float], None],
    browser: str = CHROMIUM,
) -> None:
    """Call `keep` with what a bundle reads of each on a backend, and the milliseconds, at once.

    `browser` is one of `tests.browsers`.

    Raises `AssertionError` with what the page says where it fails, or writes to its console.
    """
    files = {name: (HERE / "web" / name).read_bytes() for name in ("read.html", "read.js")}
    for number, document in enumerate(documents):
        png = io.BytesIO()
        document.image.save(png, "PNG")
        files[f"{number}.png"] = png.getvalue()
    extra = {f"/read/{name}": (TYPES[Path(name).suffix], value) for name, value in files.items()}
    done, ends = threading.Event(), []

    def take(posted: Any) -> None:
        if "page" in posted:
            keep(documents[posted["number"]], posted["page"], posted["ms"])
        else:
            ends.append(posted)
            done.set()

    with served(site, extra=extra, take=take) as address:
        asked = f"{address}read/read.html?backend={backend}&documents={len(documents)}"
        flags = BACKEND_FLAGS.get(backend, ()) if browser == CHROMIUM else ()
        opened(asked, done, SECONDS * (1 + len(documents)), flags, browser)
    assert ends, f"{backend}: the page did not come to its end"
    assert "error" not in ends[0], f"{backend}: {ends[0]['error']}"
    assert ends[0]["messages"] == [], f"{backend}: {ends[0]['messages']}"
