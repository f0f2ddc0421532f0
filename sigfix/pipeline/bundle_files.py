"""The files of a bundle that are the same for all models, and its manifest."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from sigfix.pipeline.bundle_form import KEY, MANIFEST, VERSION, files_below
from sigfix.verifying.runners.node import WEB
from sigfix.version import __version__

TFJS = "tfjs"
SAMPLE = "page/sample.png"
_PACKAGES = "node_modules/@tensorflow"
SCRIPTS = {
    "tf.es2017.min.js": "tfjs/dist/tf.es2017.min.js",
    "tf-backend-wasm.es2017.min.js": "tfjs-backend-wasm/dist/tf-backend-wasm.es2017.min.js",
    "tf-backend-webgpu.es2017.min.js": "tfjs-backend-webgpu/dist/tf-backend-webgpu.es2017.min.js",
    "tfjs-backend-wasm-simd.wasm": "tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm",
    "tfjs-backend-wasm-threaded-simd.wasm": (
        "tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm"
    ),
    "tfjs-backend-wasm.wasm": "tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm",
}
"""What is copied into the folder of TensorFlow.js, and where the npm packages have it.

The builds for older browsers, without es2017 in their names, evaluate text, which no strict
Content-Security-Policy lets them.
"""
BACKENDS = {
    "wasm": ("tf.es2017.min.js", "tf-backend-wasm.es2017.min.js"),
    "webgl": ("tf.es2017.min.js",),
    "webgpu": ("tf.es2017.min.js", "tf-backend-webgpu.es2017.min.js"),
}
"""The scripts that each backend needs, in the order of the page's list."""
_COPIED = {
    "ocr": ("*.js",),
    "kernels": ("*.mjs",),
    "page": ("*.js", "*.css", "*.svg"),
}
_TOP = ("index.html", "LICENSE.txt", "NOTICE.txt")
PDF = "pdf"
_PDF_FILES = {
    "": ("legacy/build/pdf.min.mjs", "legacy/build/pdf.worker.min.mjs",
         "legacy/build/pdf.renderer.min.mjs", "LICENSE"),
    "cmaps": ("cmaps/*",),
    "fonts": ("standard_fonts/Foxit*.pfb", "standard_fonts/LICENSE_FOXIT"),
    "icc": ("iccs/*",),
    "wasm": ("wasm/jbig2.wasm", "wasm/openjpeg.wasm", "wasm/qcms_bg.wasm", "wasm/LICENSE_*"),
}  # fmt: skip
"""What of pdf.js is copied, by the folder below `pdf`: what draws pages, scanned ones included
(JBIG2, JPEG 2000), and pages whose fonts are not in the file. Left out are quickjs, which runs the
scripts of PDFs, and the Liberation fonts, whose licence (GPL) not every site takes: browsers have
an Arial of their own."""


def copy_page(place: Path, packages: Path) -> None:
    """Put the page, sigfix-ocr, its kernels and TensorFlow.js into the new folder `place`."""
    for name in _TOP:
        shutil.copyfile(WEB / "page" / name, place / name)
    for folder, patterns in _COPIED.items():
        (place / folder).mkdir()
        for pattern in patterns:
            for path in sorted((WEB / folder).glob(pattern)):
                shutil.copyfile(path, place / folder / path.name)
    (place / TFJS).mkdir()
    for name, where in SCRIPTS.items():
        shutil.copyfile(packages / _PACKAGES / where, place / TFJS / name)


def copy_pdf(place: Path, packages: Path) -> None:
    """Put what opens PDFs into the new folder `place`."""
    source = packages / "node_modules" / "pdfjs-dist"
    for folder, patterns in _PDF_FILES.items():
        (place / PDF / folder).mkdir(parents=True)
        for pattern in patterns:
            for path in sorted(source.glob(pattern)):
                shutil.copyfile(path, place / PDF / folder / path.name)


def write_manifest(place: Path, models: Mapping[str, str]) -> None:
    """Say what is in the bundle; `models` are the names by task, each in `models/TASK`."""
    values = {
        KEY: VERSION,
        "made_by": f"sigfix {__version__}",
        "models": {
            task: {"path": f"models/{task}/model.json", "name": name}
            for task, name in models.items()
        },
        "backends": {
            name: [f"{TFJS}/{script}" for script in scripts] for name, scripts in BACKENDS.items()
        },
        "wasm": f"{TFJS}/",
        "sample": SAMPLE,
        "pdf": f"{PDF}/" if (place / PDF).is_dir() else None,
        "files": files_below(place),
    }
    (place / MANIFEST).write_text(json.dumps(values, indent=1) + "\n", "utf-8")
