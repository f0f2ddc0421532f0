"""What operators do beyond computing: the table, and what of it a model would execute."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sigfix.describing import running
from sigfix.describing.effects import (
    DETERMINISTIC,
    HARMLESS,
    KEEPS_STATE,
    RANDOM,
    REACHES,
    STATE,
    conduct,
    effects,
    is_stateless_random,
    reaching,
)
from sigfix.describing.operators import tensorflow_operators
from sigfix.model import MetaGraph
from sigfix.pipeline.inspect import inspect
from sigfix.reading import read
from tests.describing.planted_operators import in_nested_function, in_the_initialiser
from tests.models import Call, Dtype, Model, add_node, healthy

SUSPICIOUS = re.compile(
    "File|Reader|Rpc|Py[A-Z]|Save|Restore|Summary|Debug|Snapshot|Checkpoint|Remote|Socket|Http"
    "|Connect|Dump|Vocab|Url|Path|Print|Write|Load(?!er)|TFRecord|Abort|Record(?!s)"
)
"""Words in the name of an operator that has to be looked at, stateful or not."""


def test_every_stateful_operator_is_classified_on_purpose() -> None:
    known = tensorflow_operators()
    named = {name for name, item in known.items() if item.stateful or SUSPICIOUS.search(name)}
    assert sorted(named - effects().keys()) == []


def test_only_operators_are_classified_each_once() -> None:
    assert sorted(effects().keys() - tensorflow_operators().keys()) == []
    table = Path(running.__file__).with_name("tables") / "operator_effects.txt"
    lines = [line for line in table.read_text().splitlines() if line[:1] not in ("#", "[")]
    names = " ".join(lines).split()
    assert len(names) == len(set(names))


def test_the_kinds_are_those_that_are_asked_for() -> None:
    assert {effect.kind for effect in effects().values()} == {REACHES, RANDOM, STATE, HARMLESS}
    assert all(bool(item.words) == (item.kind == REACHES) for item in effects().values())


def test_every_random_operator_with_a_seed_input_is_recognised() -> None:
    named = [name for name in tensorflow_operators() if name.startswith("Stateless")]
    drawing = [
        name
        for name in named
        if re.search("Random|Normal|Multinomial|Shuffle|Sample|Uniform", name)
        and not name.startswith("StatelessRandomGet")
    ]
    assert [name for name in named if is_stateless_random(name)] == drawing


def described(model: Model, path: Path) -> MetaGraph:
    return read(model.write(path)).meta_graphs[0]


def run_of(model: Model, path: Path) -> running.Run:
    return running.of_signature(described(model, path), "serving_default")


def seeded(seed: str, *, changes: bool) -> Model:
    """Random numbers in a function, whose seed is made from what `seed` puts out, by a caller."""
    model = Model()
    model.node("seed", seed, ["x"], dtype=Dtype("int64"))
    body = model.function("draw")
    body.signature.input_arg.add(name="s", type=9)
    add_node(body.node_def, "half", "Cast", ["s"])
    add_node(body.node_def, "key", "StatelessRandomGetKeyCounter", ["half:y:0"])
    add_node(body.node_def, "draw", "StatelessRandomUniformV2", ["key:key:0", "key:counter:0"])
    body.ret["out"] = "draw:output:0"
    model.node("z", "StatefulPartitionedCall", ["seed", *["^next"] * changes], f=Call("draw"))
    model.node("next", "AssignVariableOp", ["x"])
    model.signature(outputs={"z": ("z:0", "float32", None)})
    return model


@pytest.mark.parametrize(
    ("seed", "changes", "expected"),
    [
        ("ReadVariableOp", True, RANDOM),
        ("ReadVariableOp", False, DETERMINISTIC),
        ("Const", False, DETERMINISTIC),
        ("Const", True, KEEPS_STATE),
    ],
)
def test_a_seed_from_a_variable_that_changes_is_random(
    seed: str, changes: bool, expected: str, tmp_path: Path
) -> None:
    model = seeded(seed, changes=changes)
    path = model.write(tmp_path / "m")
    found = conduct(running.of_signature(read(path).meta_graphs[0], "serving_default"))
    assert found.kind == expected
    assert ("StatelessRandomUniformV2" in found.operators) == (expected == RANDOM)
    codes = {item.code for item in inspect(path).findings}
    assert ("BEH308" in codes) == (expected == RANDOM)
    assert ("BEH303" in codes) == changes


@pytest.mark.parametrize("op", sorted(n for n, e in effects().items() if e.kind == RANDOM))
def test_random_operators_are_random(op: str, tmp_path: Path) -> None:
    model = Model()
    in_nested_function(model, op)
    assert conduct(run_of(model, tmp_path / "m")).operators == (op,)


def test_loading_is_no_part_of_a_callables_conduct(tmp_path: Path) -> None:
    model = Model()
    in_the_initialiser(model, "AssignVariableOp")
    assert conduct(run_of(model, tmp_path / "m")).kind == DETERMINISTIC
    assert conduct(run_of(healthy(), tmp_path / "h")).kind == DETERMINISTIC


def test_damaged_object_graphs_are_walked(tmp_path: Path) -> None:
    model = Model()
    model.object_node("user_object", signatures=7, _initialize=-3, table=1)
    model.object_node("user_object", _create_resource=99)
    model.signature()
    meta = described(model, tmp_path / "m")
    assert reaching(running.loading(meta), running.of_signature(meta, "serving_default")) == ()
