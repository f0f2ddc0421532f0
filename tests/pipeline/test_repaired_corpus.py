"""Other people's models: the verdicts of `docs/corpus.md`, and the repaired ones run."""

from __future__ import annotations

import re

import pytest

from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.repair import repair
from sigfix.planning import Choices
from tests.corpus import CORPUS, everything, needs_corpus
from tests.corpus_table import TABLE, verdict
from tests.loaders import fingerprint

UNCOMPARED = "not repairable, cannot be compared"
ROWS = dict(re.findall(r"^\| (\w+) \| ([\w ,]+) \|", TABLE.read_text("utf-8"), re.MULTILINE))


@needs_corpus
@pytest.mark.parametrize("name", everything())
def test_the_plan_is_what_the_table_says(name):
    import sigfix

    said = ROWS[name]
    expected = "repairable" if said.startswith(("repaired", UNCOMPARED)) else said
    assert sigfix.plan(CORPUS / name).verdict == expected


@needs_corpus
@pytest.mark.parametrize("name", ["jax2tf_cubed", "tfnet_inference", "frozen_tract_plus3"])
def test_repaired_ones_run(name, tmp_path):
    before = fingerprint(CORPUS / name)
    assert verdict(name, tmp_path)[0] == ROWS[name] == "repaired and verified"
    assert fingerprint(CORPUS / name) == before


@needs_corpus
@pytest.mark.parametrize("name", everything())
def test_every_model_survives_being_written_again(name, tmp_path):
    """Aliased or not, what is on disk afterwards is the source and the edits, no more."""
    import sigfix

    plan = sigfix.plan(CORPUS / name)
    if plan.verdict == "ambiguous":
        pytest.skip("ambiguous: nothing is written")
    result = repair(CORPUS / name, tmp_path / "out", Choices(), RepairOptions(verify=False))
    found = sigfix.diff(CORPUS / name, result.output)
    assert not [item for item in found if item.left and item.area in ("signature", "function")]
    assert not [item for item in found if item.area == "variable"]
