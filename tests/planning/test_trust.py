"""What comparing a plan's signatures would run, and what is refused of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.errors import BlockedError
from sigfix.planning import Choices, plan
from sigfix.planning.trust import refuse_reaching, runs_of_plan
from sigfix.reading import read
from tests.models import Dtype, Model, add_node
from tests.planning.plans import Traced, X, of_functions, sign

FILE = "/etc/passwd"
FORBIDDEN = "Running .* reaches out of it: ReadFile"


def reading_graph() -> Model:
    """`plain` computes, `leak` reads a file."""
    model = Model()
    name = model.node("name", "Const", dtype=Dtype("string"))
    name.attr["value"].tensor.dtype = 7
    name.attr["value"].tensor.string_val.append(FILE.encode())
    model.node("leak", "ReadFile", ["name"])
    model.signature("plain")
    model.signature("leaking", outputs={"text": ("leak:0", "string", ())})
    return model


def reading_functions() -> Model:
    """`encode` computes, `decode` reads a file, each also as a signature."""
    model = of_functions({"encode": Traced(), "decode": Traced()})
    sign(model, "plain", {"x": X}, {"y": X})
    sign(model, "leaking", {"x": X}, {"y": X})
    for function in model.meta.graph_def.library.function:
        if function.signature.name in ("decode_0", "signature_leaking"):
            add_node(function.node_def, "leak", "ReadFile", ["x"])
    return model


@pytest.mark.parametrize(
    ("model", "choices", "refused"),
    [
        (reading_graph, {"from_key": ("leaking",)}, True),
        (reading_graph, {"from_key": ("plain",)}, False),
        (reading_graph, {"from_key": ("plain",), "rename": (("y", "z"),)}, False),
        (reading_graph, {"from_key": ("leaking",), "rename": (("text", "z"),)}, True),
        (reading_functions, {"function": "encode"}, False),
        (reading_functions, {"function": "decode"}, True),
        (reading_functions, {"from_key": ("plain",)}, False),
        (reading_functions, {"from_key": ("leaking",)}, True),
        (reading_functions, {"from_key": ("plain", "leaking")}, True),
        (reading_functions, {"remove": ("leaking",)}, False),
    ],
)  # fmt: skip
def test_what_a_plan_runs(
    model: object, choices: dict[str, object], refused: bool, tmp_path: Path
) -> None:
    described = read(model().write(tmp_path / "m"))  # type: ignore[operator]
    found = plan(described, Choices(**choices))  # type: ignore[arg-type]
    assert found.verdict == "repairable", found.reason
    runs = runs_of_plan(described, found)
    if not refused:
        refuse_reaching(described, 0, runs, False, "a hint")
        return
    with pytest.raises(BlockedError, match=FORBIDDEN) as raised:
        refuse_reaching(described, 0, runs, False, "a hint")
    assert raised.value.hint == "a hint"
    refuse_reaching(described, 0, runs, True, "a hint")


def test_what_loading_runs_is_refused_of_every_plan(tmp_path: Path) -> None:
    model = of_functions({"encode": Traced(), "table._initialize": Traced(((),), ())})
    described = read(model.write(tmp_path / "m"))
    refuse_reaching(described, 0, (), False, "a hint")
    (function,) = (
        item
        for item in model.meta.graph_def.library.function
        if item.signature.name == "table__initialize_0"
    )
    add_node(function.node_def, "leak", "WriteFile", ["x", "x"])
    described = read(model.write(tmp_path / "m"))
    with pytest.raises(BlockedError, match="WriteFile"):
        refuse_reaching(described, 0, (), False, "a hint")
