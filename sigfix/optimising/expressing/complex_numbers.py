"""Rules for complex numbers: TF.js has few operators for them, and is wrong in some forms of these.

What moves numbers about, or adds them up, does so with the real and the imaginary parts alone. So
does what only gives them another shape: TF.js (4.22) gives it to the tensor that it reads as well.
"""

from __future__ import annotations

from collections.abc import Callable

from sigfix.optimising.expressing.writing import Reference, Rule, Writer
from sigfix.optimising.graph.graph import NodeDef
from sigfix.optimising.graph.operator_kinds import DT_COMPLEX64, DT_FLOAT

_OWN_TYPES = frozenset({"T", "Tcomplex", "Tparams"})
"""Attributes that name the element type of what a node is given."""


def _parts(to: Writer, reference: Reference) -> list[Reference]:
    """The real and the imaginary part of a tensor."""
    found = [to.add(op, reference, kind=DT_COMPLEX64) for op in ("Real", "Imag")]
    for name in found:
        to.made(name).attr["Tout"].type = DT_FLOAT
    return found


def _joined(to: Writer, real: Reference, imaginary: Reference) -> Reference:
    made = to.add("Complex", real, imaginary, kind=DT_FLOAT)
    to.made(made).attr["Tout"].type = DT_COMPLEX64
    return made


def _only_complex(rule: Rule) -> Rule:
    """The rule for nodes of complex numbers; others stay."""
    return lambda to: rule(to) if is_complex(to.node) else None


def is_complex(node: NodeDef) -> bool:
    """Whether a node takes complex numbers."""
    return any(node.attr[name].type == DT_COMPLEX64 for name in _OWN_TYPES if name in node.attr)


def _of_one_rank(to: Writer) -> Reference | None:
    """Operands of the same rank: TF.js (4.22) reads past the end of the one with fewer axes."""
    shapes = [to.shape(to.operand(place)) for place in (0, 1)]
    ranks = [len(shape) for shape in shapes if shape is not None]
    if len(ranks) < 2 or ranks[0] == ranks[1]:
        return None
    low, more = ranks.index(min(ranks)), max(ranks) - min(ranks)
    operands, value = [to.operand(0), to.operand(1)], to.value(low)
    if value is not None:
        operands[low] = to.constant(value.reshape([1] * more + list(value.shape)))
    else:
        parts = _parts(to, operands[low])
        for _ in range(more):
            parts = [to.expand(part, 0, DT_FLOAT) for part in parts]
        operands[low] = _joined(to, *parts)
    return to.add(str(to.node.op), *operands)


def _by_parts(*places: int) -> Rule:
    """The same for the real and the imaginary parts of the operands at `places`, or of all."""

    def rule(to: Writer) -> Reference:
        inputs = [str(item) for item in to.node.input if not item.startswith("^")]
        parts = {place: _parts(to, inputs[place]) for place in places or range(len(inputs))}
        found = []
        for side in (0, 1):
            given = [parts[n][side] if n in parts else name for n, name in enumerate(inputs)]
            made = to.add(str(to.node.op), *given, kind=DT_FLOAT)
            for name, value in to.node.attr.items():
                if name not in _OWN_TYPES:
                    to.made(made).attr[name].CopyFrom(value)
            if "Tparams" in to.node.attr:
                del to.made(made).attr["T"]
                to.made(made).attr["Tparams"].type = DT_FLOAT
            found.append(made)
        return _joined(to, *found)

    return rule


def _conj(to: Writer) -> Reference:
    real, imaginary = _parts(to, to.operand(0))
    return _joined(to, real, to.add("Neg", imaginary, kind=DT_FLOAT))


def _angle(to: Writer) -> Reference:
    real, imaginary = _parts(to, to.operand(0))
    return to.add("Atan2", imaginary, real, kind=DT_FLOAT)


def _on_a_copy(to: Writer) -> Reference | None:
    """TF.js (4.22) gives the parts of what it transforms another shape, and others read that."""
    x = to.operand(0)
    if len(to.graph.readers(x.partition(":")[0])) < 2:
        return None
    made = to.add(str(to.node.op), _joined(to, *_parts(to, x)), *map(str, to.node.input[1:]))
    for name, value in to.node.attr.items():
        to.made(made).attr[name].CopyFrom(value)
    if "T" not in to.node.attr:
        del to.made(made).attr["T"]
    return made


def _square(to: Writer) -> Reference:
    return to.add("Mul", to.operand(0), to.operand(0))


def _real_div(to: Writer) -> Reference:
    """(a + bi) / (c + di): both by the conjugate of the divisor, which makes that real."""
    (a, b), (c, d) = _parts(to, to.operand(0)), _parts(to, to.operand(1))

    def add(op: str, *operands: Reference) -> Reference:
        return to.add(op, *operands, kind=DT_FLOAT)

    def products(op: str, *pairs: tuple[Reference, Reference]) -> Reference:
        return add(op, *[add("Mul", *pair) for pair in pairs])

    size = products("AddV2", (c, c), (d, d))
    real, imaginary = products("AddV2", (a, c), (b, d)), products("Sub", (b, c), (a, d))
    return _joined(to, add("RealDiv", real, size), add("RealDiv", imaginary, size))


def _product(*transposed: str) -> Rule:
    """A matrix product, of four; `transposed` are the attributes that turn a factor."""

    def rule(to: Writer) -> Reference | None:
        if any(name in to.node.attr and to.node.attr[name].b for name in ("adj_x", "adj_y")):
            return None

        def product(left: Reference, right: Reference) -> Reference:
            made = to.add(str(to.node.op), left, right, kind=DT_FLOAT)
            for name in transposed:
                to.made(made).attr[name].CopyFrom(to.node.attr[name])
            return made

        (a, b), (c, d) = _parts(to, to.operand(0)), _parts(to, to.operand(1))
        real = to.add("Sub", product(a, c), product(b, d), kind=DT_FLOAT)
        return _joined(to, real, to.add("AddV2", product(a, d), product(b, c), kind=DT_FLOAT))

    return rule


_FORMS: dict[str, Callable[[Writer], Reference | None]] = {
    **dict.fromkeys(("Add", "AddV2", "Mul", "Sub"), _of_one_rank),
    **dict.fromkeys(
        ("ExpandDims", "GatherV2", "Mean", "Neg", "Pad", "Reshape", "ReverseV2", "Slice", "Squeeze",
         "StridedSlice", "Sum", "Tile", "Transpose"),
        _by_parts(0),
    ),
    **dict.fromkeys(("FFT", "IFFT", "IRFFT"), _on_a_copy),
    "Angle": _angle,
    "BatchMatMulV2": _product("adj_x", "adj_y"),
    "Conj": _conj,
    "Pack": _by_parts(),
    "MatMul": _product("transpose_a", "transpose_b"),
    "RealDiv": _real_div,
    "SelectV2": _by_parts(1, 2),
    "Square": _square,
}  # fmt: skip
COMPLEX: dict[str, Rule] = {name: _only_complex(rule) for name, rule in _FORMS.items()}
