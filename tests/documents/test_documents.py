"""The comparison sees what it is for; two documents are read as docTR reads them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from sigfix.verifying.runners.chromium import find_chromium
from tests.documents.rendering import FIRST_SEED, WORDS, Document, documents
from tests.documents.table import DOCTR, Reading, count, part, unlike, unread
from tests.documents.transfer import too_large

NUMBER = 2
WRITTEN = [((0.1, y / 100, 0.3, y / 100 + 0.006), f"word{y}") for y in range(5, 95)]


def reading(words: Sequence[tuple[Any, str]]) -> Reading:
    """A page as docTR exports it."""
    found = [{"geometry": [box[:2], box[2:]], "value": text} for box, text in words]
    return Reading({"blocks": [{"lines": [{"words": found}]}]}, 1.0)


def moved(word: tuple[Any, str]) -> tuple[Any, str]:
    (left, top, right, bottom), text = word
    return (left, top + 0.003, right, bottom + 0.003), text


FAULTS: dict[str, Callable[[list[Any]], list[Any]]] = {
    "other texts": lambda words: [(box, text.upper()) for box, text in words[:2]] + words[2:],
    "other places": lambda words: [*map(moved, words[:2]), *words[2:]],
    "words left out": lambda words: words[2:],
    "words twice": lambda words: words + words[:2],
    "texts in turn": lambda words: [
        (box, words[at - 1][1]) for at, (box, _) in enumerate(words)
    ],
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_two_words_of_ninety_are_seen(fault: str) -> None:
    from PIL import Image

    document = [Document(0, Image.new("RGB", (9, 9)), WRITTEN)]
    doctr, own = [reading(WRITTEN)], [reading(FAULTS[fault](WRITTEN))]
    assert unlike(document, {DOCTR: doctr, "wasm": doctr}) == []
    (said,) = unlike(document, {DOCTR: doctr, "wasm": own})
    assert said.startswith("wasm: ")
    if fault != "words twice":
        assert count(document, doctr, own).right < len(WRITTEN)


def test_a_reader_that_misses_words_is_named() -> None:
    from PIL import Image

    document = [Document(0, Image.new("RGB", (9, 9)), WRITTEN)]
    whole, part = [reading(WRITTEN)], [reading(WRITTEN[5:])]
    assert unread(document, {DOCTR: whole}) == []
    assert unread(document, {DOCTR: part}) == [
        f"docTR: {len(WRITTEN) - 5} of {len(WRITTEN)} words are read right, less than 95%"
    ]


NEEDS_PAPER = pytest.mark.skipif(
    not Path("/usr/share/dict/french").is_file() or not Path("/usr/share/fonts").is_dir(),
    reason="needs the word lists and fonts of examples/training",
)


@NEEDS_PAPER
def test_documents_are_those_of_their_seeds() -> None:
    (one, two), (again, _) = documents(2), documents(2)
    assert FIRST_SEED <= one.seed < two.seed < 1_000_000
    assert one.words == again.words
    assert one.image.tobytes() == again.image.tobytes() != two.image.tobytes()
    assert WORDS[0] <= len(one.words) <= WORDS[1]


def test_readers_that_are_timed_read_the_same() -> None:
    from tests.bench.ocr import OTHER, check_same, ratios, right_of

    texts = [text for _, text in WRITTEN]
    names = [f"{maker}, 1 thread" for maker in ("sigfix-ocr", "ONNX Runtime Web")]
    check_same({**dict.fromkeys(names, texts), OTHER: []})
    for fault in ([], texts[2:], texts * 2):
        with pytest.raises(AssertionError, match="ONNX Runtime Web, 1 thread reads"):
            check_same({names[0]: texts, names[1]: fault})
    times = {name: {"times": [2000.0 if name == names[0] else 4000.0]} for name in (*names, OTHER)}
    assert [ratio.ours / ratio.theirs for ratio in ratios(times)] == [0.5, 0.5]
    from PIL import Image

    document = Document(0, Image.new("RGB", (9, 9)), WRITTEN)
    assert right_of([*texts[1:], texts[1], "more"], document) == len(texts) - 1


def spoil(site: Path, task: str, change: dict[str, Any]) -> None:
    """Another card of a bundle's model."""
    file = site / "models" / task / "model.json"
    document = json.loads(file.read_text("utf-8"))
    document["userDefinedMetadata"]["sigfix"].update(change)
    file.write_text(json.dumps(document), "utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of both sample models."""
    if find_spec("doctr") is None or find_chromium() is None:
        pytest.skip("needs doctr and Chromium")
    from tests.documents.reading import missing
    from tests.documents.sites import make_site

    if absent := missing():
        pytest.skip(f"needs {', '.join(absent)}")
    return make_site(tmp_path_factory.mktemp("documents") / "site")


def read_of(site: Path, chosen: Sequence[Document]) -> dict[str, list[Reading]]:
    from tests.documents.reading import read_in_browser, read_with_doctr

    found: list[Reading] = []
    read_in_browser(site, chosen, "wasm", lambda _, each, ms: found.append(Reading(each, ms)))
    return {DOCTR: [Reading(each, 0) for each in read_with_doctr(chosen)], "wasm": found}


@pytest.mark.matrix
@NEEDS_PAPER
def test_documents_are_read_as_doctr_reads_them(site: Path, tmp_path: Path) -> None:
    chosen = documents(NUMBER)
    read = read_of(site, chosen)
    assert unlike(chosen, read) == []
    assert too_large(site) == []
    assert count(chosen, read[DOCTR], read[DOCTR]).right > 100
    assert f"| wasm | {count(chosen, read[DOCTR], read['wasm']).same} of " in part(chosen, read)
    other = tmp_path / "other"
    shutil.copytree(site, other)
    means = json.loads((site / "models/recognition/model.json").read_text("utf-8"))
    swapped = means["userDefinedMetadata"]["sigfix"]
    spoil(other, "recognition", {"mean": swapped["std"], "std": swapped["mean"]})
    (said,) = unlike(chosen, {**read, "wasm": read_of(other, chosen)["wasm"]})
    assert said.startswith("wasm: ")
