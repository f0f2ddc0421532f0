"""What a fixture is, and the parts that several families build theirs from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sigfix.errors import UnreadableModelError
from sigfix.pipeline.inspect import inspect
from tests.models import Dtype, Model

FLOAT = Dtype("float32")
X = ("x", "float32", (None, 3))
Y = {"y": ("y:0", "float32", (None, 3))}


class Writable(Protocol):
    """Something that can be written below a folder, and the path to be inspected then."""

    def write(self, path: Path) -> Path: ...


Build = Callable[[], Writable]


@dataclass(frozen=True)
class Aimed:
    """A fixture that is inspected for a target."""

    target: str
    build: Build


Fixture = Build | Aimed


@dataclass(frozen=True)
class Pair:
    """Models that have a finding, and models that come close to it and do not."""

    has: list[Fixture]
    has_not: list[Fixture]


@dataclass(frozen=True)
class Files:
    """Files by name, and which of them (or '' for their folder) is inspected."""

    contents: Mapping[str, bytes]
    inspected: str = ""

    def write(self, path: Path) -> Path:
        """Write the files below `path`."""
        path.mkdir(parents=True)
        for name, data in self.contents.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
        return path / self.inspected


def codes(fixture: Fixture, folder: Path) -> list[str]:
    """The codes that `inspect` gives a fixture, be it read or refused."""
    target, build = (fixture.target, fixture.build) if isinstance(fixture, Aimed) else ("", fixture)
    path = build().write(folder)
    try:
        return [finding.code for finding in inspect(path, target=target).findings]
    except UnreadableModelError as error:
        return [error.code]


def objects(*functions: tuple[str, list[str], list[Any]]) -> Model:
    """A TF2 model whose root has these functions: path, concrete functions, arguments."""
    model = Model()
    children = {name: index + 1 for index, (name, _, _) in enumerate(functions)}
    model.object_node("user_object", **children)
    for _, concrete, args in functions:
        model.traced_function(concrete, args, ["x", "training"])
    return model


def both_modes() -> Model:
    """A function that was traced with training=True and with training=False."""
    model = objects(("__call__", ["f_1"], [X, True]))
    model.traced_function(["f_2"], [X, False], ["x", "training"])
    model.meta.object_graph_def.nodes[1].function.concrete_functions.append("f_2")
    return model


def operator(op: str, **attributes: Any) -> Callable[[], Model]:
    """x -> `op` -> y, as serving_default."""

    def build() -> Model:
        model = Model(empty=True)
        model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
        model.node("y", op, ["x"], **attributes)
        model.signature()
        return model

    return build


def switched(default: bool, *, fed: bool = False, negated: bool = False) -> Model:
    """y is `Lgamma` of x where a placeholder with a default is true, and `Relu` where not."""
    real = Dtype("float32")
    model = Model(empty=True)
    model.node("x", "Placeholder", dtype=real, shape=(None, 3))
    value = model.node("default", "Const", dtype=Dtype("bool")).attr["value"].tensor
    value.dtype = 10
    value.tensor_shape.SetInParent()
    value.bool_val.append(default)
    model.node("phase", "PlaceholderWithDefault", ["default"], dtype=Dtype("bool"), shape=())
    model.node("not", "LogicalNot", ["phase"])
    model.node("switch", "Switch", ["x", "not" if negated else "phase"], T=real)
    model.node("on", "Lgamma", ["switch:1"], T=real)
    model.node("off", "Relu", ["switch"], T=real)
    model.node("y", "Merge", ["off", "on"], T=real)
    inputs = {"x": ("x:0", "float32", (None, 3))}
    model.signature(inputs={**inputs, **({"phase": ("phase:0", "bool", ())} if fed else {})})
    return model
