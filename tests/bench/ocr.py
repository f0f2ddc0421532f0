"""`ocr.read` as a whole against ONNX Runtime Web and tesseract.js -> a part of docs/browser.md.

In one page, on one picture, in turns, each reader in a worker: detection at 1024, all words. ONNX
Runtime Web runs the same two models, with everything before and after them that sigfix-ocr has;
tesseract.js has its English data.
"""

from __future__ import annotations

import io
import json
import shutil
import statistics
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sigfix.pipeline.serving import TYPES, served
from sigfix.verifying.runners.chromium import find_chromium
from tests.bench.ratio import Ratio
from tests.browsers import opened
from tests.documents.reading import DETECTOR, RECOGNISER, missing, weights_of
from tests.documents.rendering import Document, english_page
from tests.documents.sites import site_in
from tests.matrix.machine import describe_machine
from tests.matrix.results import CACHE, ROOT
from tests.npm_packages import installed
from tests.tools.marked import write_part

PAGE = ROOT / "docs" / "browser.md"
PART = "reading-speed"
HERE = Path(__file__).parent / "reading"
SECONDS = 560.0
OURS, OTHER = "sigfix-ocr", "tesseract.js"
AIMS = {"ONNX Runtime Web": 0.85, OTHER: 0.5}
SAME = 0.99
"""The part of the words that readers with the same models read the same."""
MODELS = {"detection": DETECTOR, "recognition": RECOGNISER}
COPIED = {
    "onnxruntime-web/dist": (
        "onnxruntime",
        ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"),
    ),
    "tesseract.js/dist": ("tesseract", ("tesseract.min.js", "worker.min.js")),
    "tesseract.js-core": (
        "tesseract/core",
        (
            "tesseract-core-lstm.wasm.js",
            "tesseract-core-simd-lstm.wasm.js",
            "tesseract-core-relaxedsimd-lstm.wasm.js",
        ),
    ),
    "@tesseract.js-data/eng/4.0.0_best_int": ("tesseract", ("eng.traineddata.gz",)),
}
"""Folder of an npm package -> where its files go, and which."""

Found = Mapping[str, Mapping[str, Any]]


def measure(folder: Path, rounds: int, cache: Path = CACHE) -> Found:
    """What each reader read (`text`), and its milliseconds: `first` and `times`.

    Raises `AssertionError` with what the page says where one of them fails.
    """
    absent = missing()
    assert not absent, f"examples/weights lacks {', '.join(absent)}"
    site = folder / "site"
    shutil.copytree(site_in(cache / "documents"), site)
    _add_readers(site / "bench")
    document = english_page()
    png = io.BytesIO()
    document.image.save(png, "PNG")
    extra = {
        "/bench/page.png": (TYPES[".png"], png.getvalue()),
        "/bench/request.json": (TYPES[".json"], json.dumps({"rounds": rounds}).encode()),
    }
    done, posted = threading.Event(), []

    def take(result: Any) -> None:
        posted.append(result)
        done.set()

    with served(site, extra=extra, take=take) as address:
        opened(f"{address}bench/page.html", done, SECONDS)
    assert posted, f"the page posted nothing within {SECONDS:g} s"
    assert "error" not in posted[0], posted[0]["error"]
    words = {name: found["text"].split() for name, found in posted[0].items()}
    check_same(words)
    return {
        name: {**found, "right": right_of(words[name], document)}
        for name, found in posted[0].items()
    }


def check_same(words: Mapping[str, Sequence[str]]) -> None:
    """Raises `AssertionError` where readers with the same models read other words.

    Theirs would be another task then, and its time no comparison.
    """
    first = words[f"{OURS}, 1 thread"]
    for name, own in words.items():
        same = (Counter(first) & Counter(own)).total()
        if name != OTHER:
            assert first and same >= SAME * max(len(first), len(own)), f"{name} reads {own}"


def _add_readers(place: Path) -> None:
    """The page, ONNX Runtime Web, tesseract.js and the models as ONNX files."""
    modules = installed(HERE)
    for name in ("page.html", "page.js", "processors.js", "runtime.js"):
        place.mkdir(exist_ok=True)
        shutil.copyfile(HERE / name, place / name)
    for package, (where, names) in COPIED.items():
        (place / where).mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copyfile(modules / package / name, place / where / name)
    cards = {}
    for task, name in MODELS.items():
        cards[task] = _write_onnx(name, place / f"{task}.onnx", place)
        model = json.loads((place.parent / "models" / task / "model.json").read_text("utf-8"))
        cards[task] = {**model["userDefinedMetadata"]["sigfix"], **cards[task]}
    (place / "cards.json").write_text(json.dumps(cards), "utf-8")


def _write_onnx(name: str, file: Path, folder: Path) -> dict[str, Any]:
    """The model that the bundle's is made of; what its card says otherwise."""
    import onnx

    from sigfix.importing import doctr
    from sigfix.pipeline.preset import finish_onnx
    from sigfix.presets import PRESETS

    preset = PRESETS[name]
    made = folder / f"{name}.onnx"
    doctr.export_onnx(doctr.build_model(preset, str(weights_of(name))), preset, made)
    finished = finish_onnx(preset, made, folder)
    shutil.move(finished, file)
    (output,) = onnx.load(file).graph.output
    return {"output": output.name, "frame": {"width": preset.width, "height": preset.height}}


def right_of(words: Sequence[str], document: Document) -> int:
    """How many words of a page were read, as often as they are there, in any order."""
    return (Counter(words) & Counter(word for _, word in document.words)).total()


def ratios(found: Found) -> list[Ratio]:
    """sigfix-ocr against each other one, in seconds, with as many threads."""
    made = []
    for name, times in found.items():
        if name.startswith(OURS):
            continue
        other, _, threads = name.partition(", ")
        own = found[f"{OURS}, {threads or '1 thread'}"]
        medians = [statistics.median(each["times"]) / 1e3 for each in (own, times)]
        made.append(Ratio("ocr.read" + f", {threads}" * bool(threads), name, *medians, AIMS[other]))
    return made


def part(found: Found) -> str:
    """The part of the page."""
    words = len(english_page().words)
    against = {ratio.against: ratio.ours / ratio.theirs for ratio in ratios(found)}
    head = describe_machine()
    lines = [
        "Written by `python -m tests.bench ocr --write`. " + head[0],
        "",
        f"One page of {words} English words, read in turns by readers in one page of Chromium,",
        "each in a worker: medians, and the time from the load to the first result (files from",
        "this machine, nothing compiled before). ONNX Runtime Web runs the same two models with",
        "everything before and after them that sigfix-ocr has; tesseract.js has its English data.",
        "The ratio is that of sigfix-ocr's time with as many threads to the reader's; the aims are",
        " and ".join(f"{aim} ({name})" for name, aim in AIMS.items()) + ".",
        "",
        "| reader | a page | ratio | first result | words right |",
        "|---|---|---|---|---|",
    ]
    for name, one in found.items():
        ratio = f"{against[name]:.2f}" if name in against else ""
        lines.append(
            f"| {name} | {statistics.median(one['times']) / 1e3:.1f} s | {ratio} | "
            f"{one['first'] / 1e3:.1f} s | {one['right']} of {words} |"
        )
    return "\n".join(lines)


def write(found: Found) -> None:
    """Put the part into the page."""
    write_part(PAGE, PART, part(found))


def unmeasurable() -> str:
    """Why nothing can be measured here; '' where it can."""
    absent = missing()
    if absent:
        return f"examples/weights lacks {', '.join(absent)}"
    return "" if find_chromium() else "no Chromium is installed"
