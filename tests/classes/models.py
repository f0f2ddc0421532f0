"""The models of the table: small, without weights where none are needed, each with one trait."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from google.protobuf import text_format

from tests.models import Dtype, Model, healthy, variable_index, with_variable
from tests.planning.plans import Traced, of_functions

FLOAT = Dtype("float32")
Saver = Callable[[Path], object]


def _saved(build: Callable[[], Model]) -> Saver:
    return lambda path: build().write(path)


def _functions(*paths: str) -> Saver:
    """A root with functions at these paths, and no signature."""
    return _saved(lambda: of_functions({path: Traced() for path in paths}))


def _training() -> Model:
    model = Model()
    model.node("label", "Placeholder", dtype=FLOAT, shape=(None, 3))
    model.signature(
        "train",
        inputs={"x": ("x:0", "float32", (None, 3)), "label": ("label:0", "float32", (None, 3))},
        outputs={"loss": ("y:0", "float32", ())},
    )
    return model


def _first_generation() -> Model:
    """Logits that only the loss reads, and a label that only the loss reads."""
    model = Model(empty=True, version="1.15.0")
    for name, op, inputs, shape in (
        ("x", "Placeholder", [], (None, 4)),
        ("y", "Placeholder", [], (None, 3)),
        ("w", "VariableV2", [], (4, 3)),
        ("logits", "MatMul", ["x", "w"], (None, 3)),
        ("sub", "Sub", ["logits", "y"], (None, 3)),
        ("Square", "Square", ["sub"], (None, 3)),
        ("Mean", "Mean", ["Square"], ()),
    ):
        placed = {"shape": shape} if op == "Placeholder" else {}
        model.node(name, op, inputs, dtype=FLOAT, T=FLOAT, _output_shapes=[shape], **placed)
    model.files["variables/variables.index"] = variable_index({"w": (0, 48)})
    model.files["variables/variables.data-00000-of-00001"] = bytes(48)
    return model


def _two_meta_graphs() -> Model:
    model = Model(["serve"])
    model.signature()
    model.add_meta_graph(["train"])
    model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
    model.node("y", "Relu", ["x"], T=FLOAT)
    return model


def _tagged(*tags: str) -> Model:
    model = Model(list(tags))
    model.signature()
    return model


def _forgetful() -> Model:
    model = Model()
    model.node("phase_train", "Placeholder", dtype=Dtype("bool"), shape=())
    model.node("z", "Switch", ["y", "phase_train"], T=FLOAT)
    model.signature(outputs={"z": ("z:0", "float32", (None, 3))})
    return model


def _of_old_producer() -> Model:
    model = Model(empty=True)
    model.meta.graph_def.versions.producer = 21
    model.node("x", "Placeholder", dtype=FLOAT, shape=())
    model.node("y", "Relu", ["x"], T=FLOAT)
    return model


def _without_a_shard() -> Model:
    model = with_variable(healthy())
    model.files["variables/variables.index"] = variable_index({"w": (0, 12, 1)}, 2)
    model.files["variables/variables.data-00000-of-00002"] = bytes(12)
    return model


def _many_signatures() -> Model:
    model = Model()
    for number in range(2000):
        model.signature(f"s{number}", method="")
    return model


def _in_text(path: Path) -> None:
    path.mkdir(parents=True)
    (path / "saved_model.pbtxt").write_text(text_format.MessageToString(healthy().message))


def _other_text(path: Path) -> None:
    path.mkdir(parents=True)
    (path / "saved_model.pbtxt").write_text("# notes on the model\n")


MODELS: dict[str, Saver] = {
    "functions": _functions("helper", "__call__"),
    "steps": _functions("initial_state", "step"),
    "parts": _functions("encoder.__call__", "decoder.__call__"),
    "training": _saved(_training),
    "first_generation": _saved(_first_generation),
    "two_meta_graphs": _saved(_two_meta_graphs),
    "letters": _saved(lambda: _tagged("s", "e", "r", "v")),
    "serve_and_train": _saved(lambda: _tagged("serve", "train")),
    "forgetful": _saved(_forgetful),
    "old_producer": _saved(_of_old_producer),
    "a_shard_less": _saved(_without_a_shard),
    "many_signatures": _saved(_many_signatures),
    "in_text": _in_text,
    "other_text": _other_text,
    "signed": _saved(healthy),
    "-dash": _functions("__call__"),
}
