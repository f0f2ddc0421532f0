"""`inspect --target tfjs` and `convert --tfjs` say the same of every signature."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.errors import NotVerifiedError, SigfixError
from sigfix.model import DEFAULT_SERVING_KEY, SavedModel
from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.conversion_options import ConvertOptions
from sigfix.pipeline.convert import convert
from sigfix.pipeline.inspect import inspect
from sigfix.pipeline.prepared import SourceChoice
from sigfix.pipeline.repair import plan, repair
from sigfix.planning import Choices
from sigfix.planning.commands import choices_of
from sigfix.planning.edits import GraphSource
from sigfix.quoting import split
from sigfix.reading import read
from tests.corpus import CORPUS, everything, needs_corpus
from tests.environments import needs

SMALL = {
    "looked_up": set(),
    "days": {"same", "TGT415"},
    "tokenised": {"serving_default", "TGT401"},
    "class_names": {"serving_default", "TGT415"},
    "trains": set(),
    "own_gradient": set(),
    "computed_once": {"each_time", "TGT401"},
    "counts_unread": {"counted", "TGT413"},
    "fake_quantised": set(),
    "parsed": {"raw", "TGT401"},
    "same_input_twice": set(),
    "learning_phase": {"switched", "TGT401"},
}
"""Fixture -> the signature that does not convert, and the codes that foretell it."""

UNCOMPARABLE = ("refuses the inputs", "No test input", "answers differently each time")
"""What `convert` says of a source that has no numbers to compare with."""


def errors(path: Path, *places: str) -> list[str]:
    """The codes of errors that `inspect` finds at these places, or of the whole graph."""
    return sorted({
        item.code
        for item in inspect(path, target="tfjs").findings
        if item.severity.value == "error"
        if (item.code.startswith("TGT") and item.location in places)
        or item.code in ("BEH304", "BEH305")
    })  # fmt: skip


def refused(path: Path, key: str, folder: Path) -> str:
    """Why `convert` does not publish a signature, '' where it does.

    Where the source itself takes no inputs that can be made up, or is random, its numbers tell
    nothing about TF.js: then what counts is whether it converts unchecked.
    """
    choice = SourceChoice(signature=key)
    try:
        convert(path, folder / "web", ConvertOptions(choice=choice))
    except NotVerifiedError as error:
        if not any(words in error.message for words in UNCOMPARABLE):
            return f"{type(error).__name__}: {error.message}"
    except SigfixError as error:
        return f"{type(error).__name__}: {error.message}"
    else:
        return ""
    try:
        convert(path, folder / "unchecked", ConvertOptions(choice=choice, verify=False))
    except SigfixError as error:
        return f"{type(error).__name__}: {error.message}"
    return ""


def signatures(path: Path) -> list[str]:
    model = read(path)
    assert isinstance(model, SavedModel)
    return [item.key for item in model.meta_graphs[0].user_signatures]


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_small_models(name: str, saved, node_packages: Path, tmp_path: Path) -> None:
    source = saved(name)
    model, keys = source, signatures(source)
    if not keys:
        model, keys = tmp_path / "repaired", [DEFAULT_SERVING_KEY]
        repair(source, model, Choices(function="__call__"))
    for key in keys:
        foretold = errors(source, f"signature {key}", "function __call__")
        assert foretold == sorted(SMALL[name] - {key} if key in SMALL[name] else set()), key
        reason = refused(model, key, tmp_path / key)
        assert bool(reason) == bool(foretold), (key, reason)


def made(source: Path, folder: Path) -> list[tuple[Path, str, str]]:
    """Each signature of a model, or each that `repair` could give it, and the place it is told at.

    (SavedModel, key, place). A repair is not verified: what is compared is what `convert` makes.
    """
    described = read(source)
    if isinstance(described, SavedModel) and signatures(source):
        return [(source, key, f"signature {key}") for key in signatures(source)]
    decided = plan(source)
    ways = [item.choose for item in decided.candidates] or [""]
    found = []
    for number, way in enumerate(ways):
        choices = choices_of(split(way))
        edits = plan(source, choices).added
        place = str(edits[0].source)
        if isinstance(edits[0].source, GraphSource):
            place = f"output {edits[0].outputs[0].source}"
        model = folder / f"repaired_{number}"
        repair(source, model, choices, RepairOptions(verify=False))
        found.append((model, DEFAULT_SERVING_KEY, place))
    return found


@needs_corpus
@pytest.mark.matrix
@pytest.mark.parametrize("name", everything())
def test_corpus(name: str, node_packages: Path, tmp_path: Path) -> None:
    """Five minutes for all."""
    needs("tensorflow")
    disagreeing = {}
    for number, (model, key, place) in enumerate(made(CORPUS / name, tmp_path)):
        foretold = errors(CORPUS / name, place)
        reason = refused(model, key, tmp_path / str(number))
        if bool(foretold) != bool(reason):
            disagreeing[place] = (foretold, reason)
    assert disagreeing == {}
