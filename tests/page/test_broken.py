"""Broken bundles, servers and browsers: the page says what is wrong, and what to do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.page.looking import looked
from tests.page.pdfs import pdf

PDF = [["invoice of june", "total"]]

SAID = {
    "missing shard": ("recognition/model.json cannot be loaded", "whole folder"),
    "truncated weights": ("TensorFlow.js cannot load", "Copy the model's folder again"),
    "newer card": ("its version is 99", "Use the sigfix-ocr of the sigfix"),
    "older card": ("its version is 1", "Convert the model with sigfix convert"),
    "a page for a model": ("detection/model.json cannot be loaded", "whole folder"),
    "a page for weights": ("TensorFlow.js cannot load", "Copy the model's folder again"),
    "wrong types": ('.mjs comes as "application/octet-stream"', "Set the types of the server"),
    "wrong types of all": ("sends as text/javascript",),
    "cut off script": ("ocr/decode.js has 23 bytes, not ", "Copy the whole folder again"),
    "missing worker": ("its script did not load", "lie together"),
    "policy without WebAssembly": ("WebAssembly is forbidden", "'wasm-unsafe-eval'"),
    "policy without workers": ("worker of sigfix-ocr", "worker-src 'self'"),
    "no WebAssembly": ("gives no WebAssembly", "allow it"),
    "nothing to run on": ("neither WebAssembly nor WebGL", "Use a newer browser"),
    "missing sample": ("The sample cannot be fetched (the server answers 404)", "choose a file"),
    "no network for the sample": ("The sample cannot be fetched", "choose a file"),
    "no network for a PDF": ("pdf.js, which opens PDFs, cannot be loaded", "load the page anew"),
    "no network for a backend": ("did not load", "See that there is a network"),
    "no card": ("there is none", "Convert the model with sigfix convert"),
    "newer bundle": ("has the version 99", "Copy all files"),
    "no manifest": ("the server answers 404", "sigfix serve"),
    "missing module": ("ocr/decode.js is missing", "Copy the whole folder again"),
    "missing script": ("a script of TensorFlow.js, cannot be loaded", "Copy"),
    "missing wasm": ("The backend wasm did not start", "Copy"),
    "no SIMD": ("has no SIMD", "Use a newer browser, or choose webgl"),
    "no WebGL": ("gives no WebGL", "switch hardware acceleration on"),
    "broken PDF": ("This PDF is damaged", "save it again"),
    "encrypted PDF": ("protected with a password", "Save a copy"),
    "missing pdf.js": ("pdf.js, which opens PDFs, cannot be loaded", "Copy the folder"),
    "no pdf.js": ("reads pictures alone", "sigfix bundle"),
    "no picture": ("no picture that the browser can open", "PNG, JPEG"),
}


FEW = (
    "missing shard", "older card", "wrong types", "policy without WebAssembly",
    "nothing to run on", "no network for the sample", "encrypted PDF", "no picture",
)  # fmt: skip
"""What is tried each time; the others take a minute more."""


def look(site: Path, folder: Path, faults: Sequence[str]) -> dict[str, Any]:
    """What the page says, by the names of the faults; all of them where none is named."""
    (folder / "faults.json").write_text(json.dumps(faults))
    (folder / "broken.png").write_bytes(b"no picture at all")
    (folder / "pages.pdf").write_bytes(pdf(PDF))
    (folder / "encrypted.pdf").write_bytes(pdf(PDF, encrypted=True))
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4\nnothing of a document")
    return looked(site, "broken.mjs", folder)


def wrongly_said(found: dict[str, Any]) -> dict[str, Any]:
    """What lacks the words that it should have."""
    return {
        fault: said
        for fault, said in found.items()
        if not all(words in " ".join(said.values()) for words in SAID[fault])
    }


def test_what_is_broken_is_said(bundled: tuple[Path, str], tmp_path: Path) -> None:
    found = look(bundled[0], tmp_path, FEW)
    assert set(found) == set(FEW)
    assert wrongly_said(found) == {}
    one = {"missing shard": {"status": "Ready.", "error": ""}}
    assert wrongly_said(one) == one


@pytest.mark.matrix
def test_all_that_is_broken_is_said(bundled: tuple[Path, str], tmp_path: Path) -> None:
    found = look(bundled[0], tmp_path, ())
    assert set(found) == set(SAID)
    assert wrongly_said(found) == {}
