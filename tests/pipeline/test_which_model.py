"""Every command takes the same paths and means the same MetaGraph."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sigfix.cli.main import main
from sigfix.errors import SigfixError, UnreadableModelError, UsageError
from sigfix.pipeline.inspect import inspect
from sigfix.pipeline.prepare import prepare
from sigfix.pipeline.prepared import SourceChoice
from sigfix.pipeline.repair import plan
from sigfix.pipeline.source import find_source
from sigfix.pipeline.verify import verify
from sigfix.planning.meta_graphs import choose_meta_graph
from sigfix.planning.traces import Undecided
from sigfix.reading import read
from sigfix.reading.opening import ACCEPTED, open_model
from tests.models import Dtype, Model, healthy

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
            find_source(str(path), tmp_path),
            SourceChoice("nothing"),
            tmp_path,
            lambda message: None,
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
            find_source(str(path), tmp_path),
            SourceChoice("nothing"),
            tmp_path,
            lambda message: None,
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
