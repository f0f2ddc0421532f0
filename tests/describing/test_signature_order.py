"""Which signature is meant: what `inspect` names is what `repair` lists first."""

from __future__ import annotations

import shlex
from pathlib import Path

from sigfix.pipeline.inspect import inspect
from sigfix.pipeline.repair import plan
from tests.models import Model


def test_inspect_and_repair_name_the_same_signature(tmp_path: Path) -> None:
    model = Model()
    model.signature("predict_without_input", inputs={})
    model.signature("a_training_step", method="tensorflow/serving/train")
    model.signature("zeta")
    model.signature("classify", method="tensorflow/serving/classify")
    path = model.write(tmp_path / "model")
    (found,) = [item for item in inspect(path).findings if item.code == "SIG003"]
    listed = [candidate.label for candidate in plan(path).candidates]
    assert listed == ["zeta", "classify", "predict_without_input"]
    assert shlex.split(found.command)[-2:] == ["--from", listed[0]]


def test_of_equals_the_usual_name_is_first(tmp_path: Path) -> None:
    model = Model()
    for key in ("alpha", "serving", "predict"):
        model.signature(key)
    path = model.write(tmp_path / "model")
    assert [candidate.label for candidate in plan(path).candidates] == [
        "serving",
        "predict",
        "alpha",
    ]
