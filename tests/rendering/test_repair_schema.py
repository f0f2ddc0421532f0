"""The schemas in the package: as the dataclasses make them, and true of what is printed."""

from __future__ import annotations

import json

import pytest

import sigfix
from sigfix.cli.main import main
from sigfix.planning.codec import read_plan, write_plan
from sigfix.planning.parsing import parse_append, parse_normalize
from sigfix.rendering.conversion_json import preset_schema
from sigfix.rendering.document_schemas import DOCUMENTS
from sigfix.rendering.repair_result import plan_data, result_data
from sigfix.rendering.repair_schema import SCHEMAS, plan_schema, result_schema


def _validate(data, schema):
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator(schema).validate(json.loads(json.dumps(data, default=str)))


def test_files_are_up_to_date():
    """`python -m sigfix.rendering.document_schemas` writes them."""
    for name, make in DOCUMENTS.items():
        assert json.loads((SCHEMAS / f"{name}.json").read_text("utf-8")) == make()


@pytest.mark.parametrize(
    ("name", "choices"),
    [
        ("wrapper", {}),
        ("hub", {}),
        ("two_functions", {}),
        ("never_called", {}),
        ("several_signatures", {"from_key": ("double", "square")}),
        ("tf1_dropout", {"outputs": (("p", "probabilities:0"),), "bind": (("keep_prob", 1.0),)}),
        ("image", {"layout": "nhwc", "normalize": parse_normalize("1,2"),
                   "append": (parse_append("p=softmax(logits)"),)}),
    ],
)  # fmt: skip
def test_plans_are_valid_and_come_back_the_same(saved, name, choices):
    plan = sigfix.plan(saved(name), sigfix.Choices(**choices))
    _validate(plan_data(plan), plan_schema())
    assert read_plan(write_plan(plan), "text") == plan


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("verdict",), 3),
        (("edits", 0, "inputs", 0, "dtype"), "float33"),
        (("edits", 0, "inputs", 0, "shape"), ["a"]),
        (("edits", 0, "inputs", 0, "steps"), "none"),
        (("edits", 0, "source"), None),
        (("edits", 0), {"kind": "Mischief"}),
        (("edits", 0), {"kind": "AddSignature"}),
    ],
)
def test_plans_that_somebody_spoiled_are_refused(saved, path, value):
    data = plan_data(sigfix.plan(saved("image")))
    place = data["plan"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(sigfix.SigfixError):
        read_plan(json.dumps(data), "plan.json")


def test_a_result_is_valid(saved, tmp_path):
    result = sigfix.repair(saved("frozen"), tmp_path / "out")
    _validate(result_data(result), result_schema())


@pytest.mark.parametrize("name", ["parseq", "fast_tiny", "mobilenet_v3_small_page_orientation"])
def test_the_plan_of_a_preset_is_valid(name, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["repair", "--preset", name, "--weights", "random", "--dry-run", "--format", "json"])
    assert not ended.value.code
    data = json.loads(capsys.readouterr().out)
    _validate(data, preset_schema())
    assert (data["preset"], data["built"], data["stages"]) == (name, False, [])
