"""Rules for diagonals of matrices, sparse matrices, cross products and cross entropy."""

from __future__ import annotations

from sigfix.optimising.expressing.segments import added_up, whole_numbers
from sigfix.optimising.expressing.writing import Reference, Rule, Writer
from sigfix.optimising.graph.operator_kinds import DT_FLOAT, DT_INT32

DT_INT64 = 9


def _on_diagonal(to: Writer, x: Reference) -> Reference:
    """Truth values [rows, columns] of a matrix."""
    rows, columns = (to.counted(to.size_of(x, axis)) for axis in (-2, -1))
    down, across = to.expand(rows, 1, DT_INT32), to.expand(columns, 0, DT_INT32)
    return to.compare("Equal", down, across, DT_INT32)


def _is_main(to: Writer, place: int) -> bool:
    """Whether the operand that names diagonals is not there, or names the main one."""
    if len(to.node.input) <= place:
        return True
    named = to.value(place)
    return named is not None and bool((named == 0).all())


def _diagonal(to: Writer) -> Reference | None:
    x, shape = to.operand(0), to.shape(to.operand(0))
    if shape is None or len(shape) < 2 or not _is_main(to, 1) or None in shape[-2:]:
        return None
    kept = to.select(_on_diagonal(to, x), x, to.number(0))
    rows, columns = (size or 0 for size in shape[-2:])
    return to.total(kept, [len(shape) - (1 if rows <= columns else 2)])


def _with_diagonal(to: Writer) -> Reference | None:
    x, shape = to.operand(0), to.shape(to.operand(0))
    if shape is None or not _is_main(to, 2) or None in shape[-2:]:
        return None
    rows, columns = (size or 0 for size in shape[-2:])
    put = to.expand(to.operand(1), len(shape) - (1 if rows <= columns else 2))
    return to.select(_on_diagonal(to, x), put, x)


def _column(to: Writer, x: Reference, place: int, kind: int) -> Reference:
    made = to.made(to.add("GatherV2", x, to.whole(place), to.whole(1), kind=kind))
    del made.attr["T"]
    made.attr["Tparams"].type = kind
    made.attr["Tindices"].type = made.attr["Taxis"].type = DT_INT32
    return str(made.name)


def _sparse_product(to: Writer) -> Reference | None:
    """Each number by a row of the other matrix, added up where it is."""
    if to.data_type != DT_FLOAT:
        return None
    kind = to.node.attr["Tindices"].type or DT_INT64
    turned = to.node.attr["adjoint_a"].b
    indices = whole_numbers(to, 0, "Tindices") if kind == DT_INT32 else to.cast(
        to.operand(0), kind, DT_INT32
    )  # fmt: skip
    rows, columns = (
        _column(to, indices, place, DT_INT32) for place in ((1, 0) if turned else (0, 1))
    )
    matrix = to.transpose(to.operand(3), [1, 0]) if to.node.attr["adjoint_b"].b else to.operand(3)
    taken = to.made(to.add("GatherV2", matrix, columns, to.whole(0)))
    del taken.attr["T"]
    taken.attr["Tparams"].type = DT_FLOAT
    taken.attr["Tindices"].type = taken.attr["Taxis"].type = DT_INT32
    terms = to.add("Mul", str(taken.name), to.expand(to.operand(1), 1))
    sizes = to.cast(to.operand(2), DT_INT64, DT_INT32)
    count = to.made(to.add("GatherV2", sizes, to.whole(int(turned)), to.whole(0), kind=DT_INT32))
    del count.attr["T"]
    for name in ("Tparams", "Tindices", "Taxis"):
        count.attr[name].type = DT_INT32
    wide = to.expand(to.size_of(matrix, 1), 0, DT_INT32)
    return added_up(to, terms, rows, str(count.name), wide)


def _cross(to: Writer) -> Reference:
    parts = []
    for place in (0, 1):
        split = to.add("Split", to.whole(-1), to.operand(place))
        to.made(split).attr["num_split"].i = 3
        parts.append([split, f"{split}:1", f"{split}:2"])
    (left, right), turned = parts, [(1, 2), (2, 0), (0, 1)]
    return to.join(
        [to.add("Sub", to.add("Mul", left[i], right[j]), to.add("Mul", left[j], right[i]))
         for i, j in turned],
        -1,
    )  # fmt: skip


def _reads_gradient(to: Writer) -> bool:
    name = str(to.node.name)
    return any(f"{name}:1" in reader.input for reader in to.graph.readers(name))


def _cross_entropy(to: Writer) -> Reference | None:
    if _reads_gradient(to) or to.data_type != DT_FLOAT:
        return None
    logs = to.add("LogSoftmax", to.operand(0))
    return to.add("Neg", to.total(to.add("Mul", logs, to.operand(1)), [1]))


def _sparse_cross_entropy(to: Writer) -> Reference | None:
    if _reads_gradient(to) or to.data_type != DT_FLOAT:
        return None
    logs = to.add("LogSoftmax", to.operand(0))
    labels = to.expand(whole_numbers(to, 1, "Tlabels"), 1, DT_INT32)
    classes = to.counted(to.size_of(to.operand(0), 1))
    meant = to.compare("Equal", labels, classes, DT_INT32)
    return to.add("Neg", to.total(to.select(meant, logs, to.add("ZerosLike", logs)), [1]))


def _tensor_diagonal(to: Writer) -> Reference | None:
    """Of a matrix; of tensors of more axes it is another thing."""
    shape = to.shape(to.operand(0))
    return _diagonal(to) if shape is not None and len(shape) == 2 else None


MATRICES: dict[str, Rule] = {
    "Cross": _cross,
    "DiagPart": _tensor_diagonal,
    **dict.fromkeys(("MatrixDiagPart", "MatrixDiagPartV2", "MatrixDiagPartV3"), _diagonal),
    **dict.fromkeys(("MatrixSetDiag", "MatrixSetDiagV2", "MatrixSetDiagV3"), _with_diagonal),
    "SoftmaxCrossEntropyWithLogits": _cross_entropy,
    "SparseSoftmaxCrossEntropyWithLogits": _sparse_cross_entropy,
    "SparseTensorDenseMatMul": _sparse_product,
}
"""Operator -> its rule."""
