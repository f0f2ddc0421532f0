"""An ONNX file -> `model.OtherModel`, by walking its fields: weights are never copied.

Field numbers: github.com/onnx/onnx, onnx/onnx.proto.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sigfix.errors import UnreadableModelError
from sigfix.model import OtherModel, TensorSpec
from sigfix.reading.files import companion_problem
from sigfix.reading.folder import mapped
from sigfix.wire import Buffer, Span, inside, text
from sigfix.wording import plural

_DTYPES = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64",
    8: "string", 9: "bool", 10: "float16", 11: "float64", 12: "uint32", 13: "uint64",
    14: "complex64", 15: "complex128", 16: "bfloat16", 17: "float8_e4m3fn", 18: "float8_e4m3fnuz",
    19: "float8_e5m2", 20: "float8_e5m2fnuz", 21: "uint4", 22: "int4", 23: "float4_e2m1",
}  # fmt: skip
"""TensorProto.DataType."""


@dataclass
class _Collected:
    facts: dict[str, str] = field(default_factory=dict)
    opsets: list[str] = field(default_factory=list)
    operators: dict[str, int] = field(default_factory=dict)
    inputs: list[TensorSpec] = field(default_factory=list)
    outputs: list[TensorSpec] = field(default_factory=list)
    initializers: set[str] = field(default_factory=set)
    weights: int = 0
    weight_bytes: int = 0
    external: set[str] = field(default_factory=set)


def _dimensions(data: Buffer, span: int | Span) -> tuple[int | None, ...]:
    sizes: list[int | None] = []
    for number, dimension in inside(data, span):
        if number == 1:
            size: int | None = None
            for part, value in inside(data, dimension):
                if part == 1 and isinstance(value, int) and value < 1 << 63:
                    size = value
            sizes.append(size)
    return tuple(sizes)


def _value_info(data: Buffer, span: int | Span) -> TensorSpec:
    name, dtype = "", "invalid"
    shape: tuple[int | None, ...] | None = None
    for number, value in inside(data, span):
        if number == 1:
            name = text(data, value)
        elif number == 2:
            for kind, content in inside(data, value):
                if kind != 1:  # sequence, map or sparse tensor
                    continue
                for part, inner in inside(data, content):
                    if part == 1 and isinstance(inner, int):
                        dtype = _DTYPES.get(inner, f"dtype {inner}")
                    elif part == 2:
                        shape = _dimensions(data, inner)
    return TensorSpec(dtype, shape, name)


_MOST_NESTED = 32
"""How deep branches and loop bodies are looked into."""


def _tensor(data: Buffer, span: int | Span, found: _Collected) -> str:
    """Count a weight; its name."""
    name = ""
    found.weights += 1
    for number, value in inside(data, span):
        if number == 8:
            name = text(data, value)
        elif not isinstance(value, int) and number in (4, 5, 6, 7, 9, 10, 11):
            found.weight_bytes += value[1] - value[0]
    _external(data, span, found)
    return name


def _external(data: Buffer, span: int | Span, found: _Collected) -> None:
    """Note the file that a tensor lies in: whoever loads the model opens it, wherever it is."""
    for number, value in inside(data, span):
        if number == 13:
            entry = {part: text(data, inner) for part, inner in inside(data, value)}
            if entry.get(1) == "location":
                found.external.add(entry.get(2, ""))


def _external_of_sparse(data: Buffer, span: int | Span, found: _Collected) -> None:
    for number, value in inside(data, span):
        if number in (1, 2):  # its values, and where they stand
            _external(data, value, found)


def _node(data: Buffer, span: int | Span, found: _Collected, depth: int) -> None:
    """Count the operator, what it holds as a constant, and what its branches and bodies hold."""
    operator, attributes = "", []
    for part, inner in inside(data, span):
        if part == 4:
            operator = text(data, inner)
        elif part == 5:
            attributes.append(inner)
    found.operators[operator] = found.operators.get(operator, 0) + 1
    for attribute in attributes:
        for part, inner in inside(data, attribute):
            if part == 5 and operator == "Constant":
                _tensor(data, inner, found)
            elif part in (5, 10) and not isinstance(inner, int):
                _external(data, inner, found)
            elif part in (22, 23):
                _external_of_sparse(data, inner, found)
            elif part in (6, 11) and depth < _MOST_NESTED:
                _graph(data, inner, found, depth + 1)


def _graph(data: Buffer, span: int | Span, found: _Collected, depth: int = 0) -> None:
    for number, value in inside(data, span):
        if number == 1:
            _node(data, value, found, depth)
        elif number == 5:
            name = _tensor(data, value, found)
            if depth == 0:
                found.initializers.add(name)
        elif number == 15:
            _external_of_sparse(data, value, found)
        elif depth == 0 and number == 2:
            found.facts["graph"] = text(data, value)
        elif depth == 0 and number == 11:
            found.inputs.append(_value_info(data, value))
        elif depth == 0 and number == 12:
            found.outputs.append(_value_info(data, value))


def _model(data: Buffer) -> _Collected:
    found = _Collected()
    for number, value in inside(data, (0, len(data))):
        if number == 1:
            found.facts["IR version"] = str(value)
        elif number == 2:
            found.facts["producer"] = text(data, value)
        elif number == 3:
            found.facts["producer"] = f"{found.facts.get('producer', '')} {text(data, value)}"
        elif number == 7:
            _graph(data, value, found)
        elif number == 8:
            entry = dict(inside(data, value))
            domain = text(data, entry[1]) if 1 in entry else ""
            found.opsets.append(f"{domain or 'ai.onnx'} {entry.get(2, '?')}")
        elif number == 25:
            found.external |= _external_of_function(data, value)
    return found


def _external_of_function(data: Buffer, span: int | Span) -> set[str]:
    """The files that the tensors of a function of the model lie in."""
    inner = _Collected()
    for number, value in inside(data, span):
        if number == 7:
            _node(data, value, inner, 0)
    return inner.external


def external_files(data: Buffer) -> set[str]:
    """The files that an ONNX file names for its weights; of a damaged one none."""
    try:
        return _model(data).external
    except ValueError:
        return set()


def read_onnx(path: Path) -> OtherModel:
    """Describe an ONNX file. Raises `UnreadableModelError` where it does not parse."""
    size = path.stat().st_size
    with mapped(path) as data:
        try:
            found = _model(data)
        except ValueError as error:
            raise UnreadableModelError(
                f"{path} is damaged: {error}.", "copy or export the model again", code="CON214"
            ) from error
    problems = []
    for location in sorted(found.external):
        problem = companion_problem(path.parent, location, "external data file")
        problems += [problem] if problem is not None else []
    facts = {
        **found.facts,
        "opset": ", ".join(found.opsets) or "(none)",
        "weights": f"{plural(found.weights, 'tensor')}, {plural(found.weight_bytes, 'byte')}",
    }
    return OtherModel(
        path=path,
        kind="onnx",
        title="ONNX model",
        size_bytes=size,
        inputs=tuple(item for item in found.inputs if item.name not in found.initializers),
        outputs=tuple(found.outputs),
        operators=dict(sorted(found.operators.items())),
        facts=tuple(facts.items()),
        problems=tuple(problems),
    )
