"""Placeholders that a signature needs and does not feed: bound, made inputs, or named."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.describing.switches import evident_value, inference_value
from sigfix.pipeline.inspect import inspect
from sigfix.planning.commands import carried_out
from sigfix.planning.parsing import parse_input
from sigfix.reading import read
from tests.models import Call, Dtype, Model, add_node
from tests.planning.plans import FLOAT, added, planned, refused


def forgetful(
    key: str = "serving_default", name: str = "phase_train", dtype: str = "bool"
) -> Model:
    model = Model()
    model.node(name, "Placeholder", dtype=Dtype(dtype), shape=())
    model.node("z", "Switch", ["y", name], T=FLOAT)
    model.signature(key, outputs={"z": ("z:0", "float32", (None, 3))})
    return model


@pytest.mark.parametrize("key", ["serving_default", "predict"])
def test_a_signature_that_can_never_run_is_no_result(key: str, tmp_path: Path) -> None:
    reason, hint = refused(forgetful(key), tmp_path)
    said = f"Signature {key} can never run: it needs phase_train, which no input feeds."
    assert reason.startswith(said)
    assert hint == "--bind phase_train=false"
    reason, _ = refused(forgetful(key), tmp_path, rename=(("x", "image"),))
    assert "can never run" in reason


@pytest.mark.parametrize("key", ["serving_default", "predict"])
def test_it_is_bound(key: str, tmp_path: Path) -> None:
    edit = added(forgetful(key), tmp_path, bind=(("phase_train", False),))
    assert [(item.target, item.value) for item in edit.bound] == [("phase_train:0", False)]
    assert [item.name for item in edit.inputs] == ["x"]


def test_it_is_made_an_input(tmp_path: Path) -> None:
    edit = added(forgetful(), tmp_path, inputs=(parse_input("train:phase_train"),))
    assert [(item.name, item.target) for item in edit.inputs] == [
        ("x", "x:0"), ("train", "phase_train:0"),
    ]  # fmt: skip


def test_other_edits_leave_it(tmp_path: Path) -> None:
    assert planned(forgetful(), tmp_path, set_tags=("serve", "gpu")).verdict == "repairable"


def test_a_value_that_only_the_author_knows(tmp_path: Path) -> None:
    _, hint = refused(forgetful(name="threshold", dtype="float32"), tmp_path)
    assert hint == "--bind threshold=VALUE"


@pytest.mark.parametrize(
    ("name", "dtype", "value"),
    [
        ("is_training", "bool", "false"), ("net/phase_train_1", "bool", "false"),
        ("training_pl", "bool", "false"), ("keep_prob", "float32", "1.0"),
        ("dropout_keep_prob", "bfloat16", "1.0"), ("is_training", "float32", "0.0"),
        ("is_training", "int32", "0"), ("drop_rate", "float32", "0.0"),
        ("dropout", "float32", ""), ("keep_prob", "bool", ""), ("image", "float32", ""),
        ("constraining", "bool", ""), ("is_training", "string", ""),
    ],
)  # fmt: skip
def test_names_of_switches(name: str, dtype: str, value: str) -> None:
    assert inference_value(name, dtype) == value


@pytest.mark.parametrize(
    ("true_side", "false_side", "value"),
    [
        ("RandomUniform", "Relu", "false"), ("Relu", "RandomUniform", "true"),
        ("Relu", "Tanh", ""), ("RandomUniform", "RandomUniform", ""),
        ("FusedBatchNormV3", "Relu", "false"),
    ],
)  # fmt: skip
def test_what_a_placeholder_switches(
    true_side: str, false_side: str, value: str, tmp_path: Path
) -> None:
    model = Model()
    model.node("flag", "Placeholder", dtype=Dtype("bool"), shape=())
    model.node("copy", "Identity", ["flag"], T=Dtype("bool"))
    model.node("switch", "Switch", ["y", "copy"], T=FLOAT)
    model.node("on", true_side, ["switch:1"])
    model.node("off", false_side, ["switch"])
    model.node("join", "Merge", ["off", "on"])
    model.node("after", "RandomUniform", ["join"])
    meta = read(model.write(tmp_path / "switch")).meta_graphs[0]
    assert evident_value(meta, meta.graph.by_name["flag"]) == value

    model = Model()
    model.node("flag", "Placeholder", dtype=Dtype("bool"), shape=())
    for name, op in (("on", true_side), ("off", false_side)):
        add_node(model.function(name).node_def, "node", op, ["x"])
    model.node("choice", "If", ["flag", "y"], then_branch=Call("on"), else_branch=Call("off"))
    meta = read(model.write(tmp_path / "if")).meta_graphs[0]
    assert evident_value(meta, meta.graph.by_name["flag"]) == value


def test_inspect_binds_the_switches_that_it_knows(tmp_path: Path) -> None:
    model = Model(empty=True)
    model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
    for name, dtype in (("keep_prob", "float32"), ("is_training", "bool"), ("factor", "float32")):
        model.node(name, "Placeholder", dtype=Dtype(dtype), shape=())
    model.node("kept", "RealDiv", ["x", "keep_prob"], T=FLOAT)
    model.node("left", "Mul", ["kept", "factor"], T=FLOAT)
    model.node("right", "Switch", ["kept", "is_training"], T=FLOAT)
    path = model.write(tmp_path / "m")
    (found,) = (item for item in inspect(path).findings if item.code == "SIG001")
    assert "--bind keep_prob=1.0" in found.command
    assert "is_training" not in found.command, "one of the results does without it"
    assert "factor" not in found.command


def dropping(*more: str) -> Model:
    """Dropout as TF1 has it, `x / keep_prob * (uniform >= 1 - keep_prob)`, and no signature."""
    model = Model(empty=True)
    model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
    model.node("keep_prob", "Placeholder", dtype=FLOAT, shape=())
    model.node("one", "Const", dtype=FLOAT)
    model.node("rate", "Sub", ["one", "keep_prob"], T=FLOAT)
    model.node("uniform", "RandomUniform", ["one"])
    model.node("scaled", "Mul", ["uniform", "one"], T=FLOAT)
    model.node("kept", "GreaterEqual", ["scaled", "rate"], T=FLOAT)
    model.node("dropped", "Select", ["kept", "x", "one"], T=FLOAT)
    for name in more:
        model.node(name, "AddV2", ["dropped", "uniform"], T=FLOAT)
    return model


def test_dropout_that_is_bound_off_is_compared(tmp_path: Path) -> None:
    model = read(dropping().write(tmp_path / "m"))
    assert carried_out(model, ["--bind", "keep_prob=1.0"]) == [("--bind", "keep_prob=1.0")]
    assert carried_out(model, ["--bind", "keep_prob=0.5"])[0][-1] == "--no-verify"
    assert carried_out(model, [])[0][-1] == "--no-verify"
    noisy = read(dropping("noisy").write(tmp_path / "noisy"))
    assert carried_out(noisy, ["--bind", "keep_prob=1.0"])[0][-1] == "--no-verify", "used twice"


@pytest.mark.parametrize("as_function", [False, True])
def test_what_a_bound_condition_leaves_out_is_compared(as_function: bool, tmp_path: Path) -> None:
    model = Model(empty=True)
    model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
    model.node("is_training", "Placeholder", dtype=Dtype("bool"), shape=())
    if as_function:
        for name, op in (("on", "RandomUniform"), ("off", "Relu")):
            body = model.function(name)
            body.signature.input_arg.add(name="x", type=1)
            add_node(body.node_def, "node", op, ["x"])
        model.node("end", "If", ["is_training", "x"], Tout=[FLOAT],
                   then_branch=Call("on"), else_branch=Call("off"))  # fmt: skip
    else:
        model.node("switch", "Switch", ["x", "is_training"], T=FLOAT)
        model.node("drawn", "RandomUniform", ["switch:1"], T=FLOAT)
        model.node("end", "Merge", ["switch", "drawn"], T=FLOAT)
    found = read(model.write(tmp_path / "m"))
    assert carried_out(found, ["--bind", "is_training=false"])[0][-1] == "is_training=false"
    assert carried_out(found, ["--bind", "is_training=true"])[0][-1] == "--no-verify"
