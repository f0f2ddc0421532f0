"""Every command takes the same paths, means the same MetaGraph, and prints what it carries out."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from sigfix.cli.main import main
from sigfix.errors import BlockedError, SigfixError, UnreadableModelError, UsageError
from sigfix.pipeline.inspect import inspect
from sigfix.pipeline.prepare import Choice, prepare
from sigfix.pipeline.repair import plan, repair
from sigfix.pipeline.source import find_source
from sigfix.pipeline.verify import verify
from sigfix.planning import Choices
from sigfix.planning.meta_graphs import choose_meta_graph
from sigfix.planning.traces import Undecided
from sigfix.reading import read
from sigfix.reading.opening import ACCEPTED, open_model
from tests.models import Dtype, Model, healthy, set_value, variable_index, with_variable

FLOAT = Dtype("float32")


def frozen(folder: Path, *names: str) -> Path:
    """A folder with a frozen graph of each name."""
    folder.mkdir()
    for name in names or ("g.pb",):
        model = Model()
        (folder / name).write_bytes(model.meta.graph_def.SerializeToString())
    return folder


@pytest.mark.parametrize("command", ACCEPTED)
def test_a_folder_with_one_frozen_graph_is_that_graph(command: str, tmp_path: Path) -> None:
    folder = frozen(tmp_path / "fz")
    opened, alone = open_model(folder, command), open_model(folder / "g.pb", command)
    assert opened.path == alone.path == folder / "g.pb"
    (tmp_path / "fz" / "notes.txt").write_text("beside it")
    assert open_model(folder, command).path == folder / "g.pb"


@pytest.mark.parametrize("command", ACCEPTED)
def test_a_folder_with_two_frozen_graphs_is_refused(command: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableModelError):
        open_model(frozen(tmp_path / "fz", "a.pb", "b.pb"), command)


def keras(path: Path) -> Path:
    from tests.reading.test_other_formats import IMAGE, functional, keras_file

    return keras_file(path, functional(IMAGE))


def onnx_file(path: Path) -> Path:
    onnx = pytest.importorskip("onnx")
    x, y = (onnx.helper.make_tensor_value_info(name, 1, [2]) for name in "xy")
    node = onnx.helper.make_node("Relu", ["x"], ["y"])
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([node], "g", [x], [y])), path)
    return path


def tfjs(path: Path) -> Path:
    path.mkdir()
    document = {"format": "graph-model", "modelTopology": {"node": []}, "weightsManifest": []}
    (path / "model.json").write_text(json.dumps(document))
    return path


KINDS: dict[str, Callable[[Path], Path]] = {
    "SavedModel": lambda path: healthy().write(path),
    "frozen graph": frozen,
    "keras": lambda path: keras(path.with_suffix(".keras")),
    "onnx": lambda path: onnx_file(path.with_suffix(".onnx")),
    "tfjs": tfjs,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("command", ACCEPTED)
def test_the_table_is_what_the_commands_do(command: str, kind: str, tmp_path: Path) -> None:
    path = KINDS[kind](tmp_path / "m")
    run = {
        "inspect": lambda: inspect(path),
        "repair": lambda: plan(path),
        "diff": lambda: main(["diff", str(path), str(path)]),
        "verify": lambda: verify(path, path, signature="nothing"),
        "convert": lambda: prepare(
            find_source(str(path), tmp_path), Choice("nothing"), tmp_path, lambda message: None
        ),
    }[command]
    if kind in ACCEPTED[command].kinds:
        open_model(path, command)
        return
    with pytest.raises((UnreadableModelError, UsageError, SystemExit)) as caught:
        run()
    if isinstance(caught.value, SystemExit):
        assert caught.value.code == 2
    else:
        assert caught.value.hint


def several(path: Path, *tags: tuple[str, ...]) -> Path:
    model = Model(tags[0])
    model.signature()
    for more in tags[1:]:
        model.add_meta_graph(more)
        model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
        model.node("y", "Relu", ["x"], T=FLOAT)
        model.signature()
    return model.write(path)


@pytest.mark.parametrize(
    ("tags", "meant"),
    [
        ([("serve",)], 0),
        ([("train",)], 0),
        ([("train",), ("serve",)], 1),
        ([("serve", "gpu"), ("train",)], 0),
        ([("train", "serve"), ("serve", "gpu")], 1),
        ([("serve", "gpu"), ("serve",)], 1),
        ([("train",), ()], 1),
        ([("serve", "gpu"), ("serve", "tpu")], None),
        ([("a",), ("b",)], None),
        ([("train",), ("eval",)], None),
    ],
)
def test_every_command_means_the_same_meta_graph(tags, meant, tmp_path) -> None:
    path = several(tmp_path / "m", *tags)
    model = read(path)
    runs = {
        "verify": lambda: verify(path, path, signature="nothing"),
        "convert": lambda: prepare(
            find_source(str(path), tmp_path), Choice("nothing"), tmp_path, lambda message: None
        ),
    }
    if meant is None:
        with pytest.raises(Undecided):
            choose_meta_graph(model, None)
        assert plan(path).verdict == "ambiguous"
        assert "train" not in plan(path).candidates[0].label
        for name, run in runs.items():
            with pytest.raises(SigfixError, match="MetaGraphs") as caught:
                run()
            assert "--tags" in (caught.value.hint or ""), name
        return
    assert choose_meta_graph(model, None) == meant
    assert plan(path).meta_graph == meant
    for run in runs.values():
        with pytest.raises(SigfixError, match="nothing"):  # it was chosen; its signature is not
            run()
    for other in range(len(tags)):
        assert choose_meta_graph(model, tags[other]) == other


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
    model.signature("predict")
    model.write(Path("m"))
    found = {item.code: item.command for item in inspect("m").findings}
    assert "--from predict" in found["SIG002"]
    assert "--tags train" in found["SIG002"]
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
    assert found.evidence[-2:] == (
        "or: sigfix repair m --from encode", "or: sigfix repair m --from train"
    )  # fmt: skip


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
        hint = plan("-".join(names)).hint.partition(" makes ")[0]
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


def lost(kind: str, path: Path) -> Path:
    model = with_variable(healthy())
    if kind == "everything":
        model.files.clear()
    elif kind == "the index":
        del model.files["variables/variables.index"]
    elif kind == "a shard":
        del model.files["variables/variables.data-00000-of-00001"]
    elif kind == "one of two shards":
        model.files["variables/variables.index"] = variable_index({"w": (0, 12, 1)}, 2)
        model.files["variables/variables.data-00000-of-00002"] = bytes(12)
    elif kind == "the end of a shard":
        model.files["variables/variables.data-00000-of-00001"] = bytes(3)
    elif kind == "the index's content":
        model.files["variables/variables.index"] = b"\x00" * 40
    return model.write(path)


@pytest.mark.parametrize(
    "kind",
    ["everything", "the index", "a shard", "one of two shards", "the end of a shard",
     "the index's content"],
)  # fmt: skip
@pytest.mark.parametrize(
    "options", [[], ["--rename", "y=scores"], ["--set-tags", "serve,gpu"]], ids=str
)
def test_a_model_without_its_weights_is_not_published(kind, options, tmp_path, capsys) -> None:
    path = lost(kind, tmp_path / "m")
    with pytest.raises(SystemExit) as caught:
        main(["repair", str(path), *options, "--no-verify", "-o", str(tmp_path / "out")])
    assert caught.value.code == 1
    assert "weights" in "".join(capsys.readouterr())
    assert not (tmp_path / "out").exists()
    assert not [item for item in inspect(path).findings if item.command]


OTHERS = {
    "--function": "f", "--from": "k", "--tags": "serve", "--signature": "k", "--input": "x",
    "--output": "y=y:0", "--bind": "t=true", "--rename": "y=z", "--drop-output": "y",
    "--append": "t=argmax(y)", "--normalize": "0.5,0.5", "--layout": "nhwc",
    "--remove-signature": "k", "--rename-signature": "k=l", "--method-name": "m",
    "--set-tags": "serve", "--only-metagraph": None, "--preset": "parseq", "--vocab": "french",
    "--size": "64", "--raw-logits": None, "--weights": "random", "--keep-onnx": None,
}  # fmt: skip


@pytest.mark.parametrize("option", OTHERS)
def test_a_stored_plan_takes_no_other_choices(option, tmp_path, capsys) -> None:
    path = healthy().write(tmp_path / "m")
    main_code(["repair", str(path), "--rename", "y=z", "--dry-run", "--format", "json"])
    (tmp_path / "plan.json").write_text(capsys.readouterr().out)
    value = [] if OTHERS[option] is None else [OTHERS[option]]
    arguments = ["repair", str(path), "--plan", str(tmp_path / "plan.json"), "--no-verify"]
    code = main_code([*arguments, option, *value, "-o", str(tmp_path / "out")])
    assert code == 2
    assert option in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def main_code(arguments: list[str]) -> object:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    return caught.value.code


def test_every_option_is_for_planning_or_not() -> None:
    """A new option has to be thought of: beside --plan it means something, or it is refused."""
    import typer

    from sigfix.cli.app import app
    from sigfix.cli.repair import BESIDE_A_PLAN

    command = typer.main.get_command(app).commands["repair"]
    beside = {name for item in command.params if item.name in BESIDE_A_PLAN for name in item.opts}
    every = {max(item.opts, key=len) for item in command.params} - {"model"}
    assert every - beside - {"--help"} == set(OTHERS)


def test_a_plan_of_a_keras_file_carries_its_choices(tmp_path, capsys) -> None:
    from sigfix.planning.codec import read_plan, write_plan
    from sigfix.planning.keras_file import plan_keras
    from sigfix.planning.parsing import parse_append, parse_input
    from sigfix.presets import PRESETS

    path = keras(tmp_path / "m.keras")
    for choices in (
        Choices(),
        Choices(append=(parse_append("top=argmax(probs)"),), rename=(("probs", "p"),)),
        Choices(inputs=(parse_input("x:image=float32[?,28,28]"), parse_input("y"))),
        *(Choices(preset=preset, vocabulary="abc") for preset in PRESETS.values()),
    ):
        made = plan_keras(open_model(path, "repair"), choices)
        (edit,) = made.edits
        assert edit.choices == choices
        assert read_plan(write_plan(made), "plan.json") == made
    with pytest.raises(UsageError, match="choices cannot be added"):
        repair(path, tmp_path / "out", choices, saved_plan=made)


def test_a_file_of_weights_is_blocked_and_found(tmp_path) -> None:
    h5py = pytest.importorskip("h5py")
    for name in ("w.h5", "m.weights.h5"):
        with h5py.File(tmp_path / name, "w") as file:
            file.create_group("dense")["kernel"] = [1.0]
        assert plan(tmp_path / name).verdict == "blocked"
        assert "weights without a model" in plan(tmp_path / name).reason
        assert [item.code for item in inspect(tmp_path / name).findings] == ["CON215"]
        with pytest.raises(BlockedError):
            repair(tmp_path / name, tmp_path / "out")
