"""Every command that is printed about a model is carried out as it stands."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from sigfix.cli.main import main
from sigfix.pipeline.inspect import inspect
from sigfix.pipeline.repair import plan
from sigfix.planning import Choices
from tests.models import Dtype, Model, set_value

FLOAT = Dtype("float32")


def function_names(*names: str, traces: int = 1) -> Model:
    """A root with functions of these paths, each with as many traces, and no signature."""
    model = Model(empty=True)
    model.object_node("user_object", **{name: n + 1 for n, name in enumerate(names)})
    shapes = [(None, 3), (2, 4), (5, 6)]
    for name in names:
        listed = [f"{name}_{number}" for number in range(traces)]
        model.traced_function(listed, [("x", "float32", (None, 3))])
        for number, trace in enumerate(listed):
            concrete = model.meta.object_graph_def.concrete_functions[trace]
            value = concrete.canonicalized_input_signature.tuple_value.values[0]
            spec = value.tuple_value.values[0].tensor_spec_value
            del spec.shape.dim[:]
            for size in shapes[number]:
                spec.shape.dim.add(size=-1 if size is None else size)
    return model


def run_command(command: str, capsys: pytest.CaptureFixture[str]) -> tuple[object, str]:
    _, *arguments = shlex.split(command)
    with pytest.raises(SystemExit) as caught:
        main([*arguments, "--dry-run"])
    output = capsys.readouterr()
    return caught.value.code, output.out + output.err


UNSIGNED = {
    "one": function_names("__call__"),
    "the call and another": function_names("__call__", "encode"),
    "none of a usual name": function_names("encode", "decode", "score"),
    "several traces": function_names("__call__", traces=3),
    "several of both": function_names("predict", "explain", traces=2),
    "a graph": Model(),
}


@pytest.mark.parametrize("what", UNSIGNED)
def test_every_printed_command_is_carried_out(what, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    UNSIGNED[what].write(Path("m"))
    found = inspect("m").findings
    commands = [item.command for item in found if item.command and "SHAPE" not in item.command]
    commands += [
        text.removeprefix("or: ")
        for item in found
        for text in item.evidence
        if text.startswith("or: ")
    ]
    assert commands
    for command in commands:
        code, output = run_command(command, capsys)
        assert code in (0, None), f"{command}\n{output}"


def test_commands_name_the_meta_graph_that_they_are_about(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    model = Model(["serve"])
    model.signature()
    model.add_meta_graph(["train"])
    model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
    model.node("y", "Relu", ["x"], T=FLOAT)
    model.signature("predict", method="")
    model.write(Path("m"))
    found = {item.code: item.command for item in inspect("m").findings}
    assert "SIG002" not in found, "the one for serving has its serving_default"
    assert "--tags train" in found["SIG010"]
    assert "--tags serve " in found["CON201"]
    for command in filter(None, found.values()):
        code, output = run_command(command, capsys)
        assert code in (0, None), f"{command}\n{output}"


def with_momentum(momentum: float, default: float) -> Model:
    """Two traces that differ in a Python value alone, one of them the recorded default."""
    model = Model(empty=True)
    model.object_node("user_object", __call__=1)
    x = ("x", "float32", (None, 3))
    node = model.traced_function(["one", "two"], [x, default], ["x", "momentum"])
    fields = node.function.function_spec.fullargspec.named_tuple_value
    set_value(fields.values.add(key="defaults").value.list_value.values.add(), default)
    concrete = model.meta.object_graph_def.concrete_functions["two"]
    values = concrete.canonicalized_input_signature.tuple_value.values[0].tuple_value.values
    values[1].float64_value = momentum
    return model


def test_of_traces_that_differ_in_a_value_the_defaults_is_meant(tmp_path) -> None:
    path = with_momentum(0.5, 0.997).write(tmp_path / "m")
    made = plan(path)
    assert made.verdict == "repairable", made.reason
    assert made.added[0].source.trace == "one"
    bound = plan(path, Choices(bind=(("momentum", 0.5),)))
    assert bound.added[0].source.trace == "two"


def test_each_likely_function_has_its_command(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    UNSIGNED["the call and another"].write(Path("m"))
    (found,) = (item for item in inspect("m").findings if item.code == "SIG001")
    assert found.command == "sigfix repair m --function __call__"
    assert "or: sigfix repair m --function encode" in found.evidence


def test_each_signature_that_could_be_the_default_has_its_command(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = Model()
    for key in ("encode", "decode", "train"):
        model.signature(key, outputs={"loss" if key == "train" else "y": ("y:0", "float32", None)})
    model.write(Path("m"))
    (found,) = (item for item in inspect("m").findings if item.code == "SIG003")
    assert found.command == "sigfix repair m --from decode"
    assert found.evidence == ("or: sigfix repair m --from encode",), "training is not offered"


def test_a_path_is_never_taken_for_an_option(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    function_names("__call__").write(Path("-dash"))
    (found,) = (item for item in inspect(Path("-dash")).findings if item.code == "SIG001")
    code, output = run_command(found.command, capsys)
    assert code in (0, None), output


def test_the_hint_for_several_functions_makes_a_default(tmp_path, monkeypatch, capsys) -> None:
    for names in (("predict", "explain"), ("encode", "decode")):
        monkeypatch.chdir(tmp_path)
        function_names(*names).write(Path("-".join(names)))
        hint = plan("-".join(names)).hint.partition("   #")[0]
        code, output = run_command(f"sigfix repair {'-'.join(names)} {hint}", capsys)
        assert code in (0, None), output
        assert "serving_default" in output


@pytest.mark.parametrize("op", ["RandomUniform", "ReadFile"])
def test_what_cannot_be_compared_is_said_in_the_command(op, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = Model()
    model.node("z", op, ["x"])
    model.signature(outputs={"output_0": ("z:0", "float32", None)})
    model.write(Path("m"))
    commands = [item.command for item in inspect("m").findings if "--rename" in item.command]
    assert commands
    assert all("--no-verify" in command for command in commands)
