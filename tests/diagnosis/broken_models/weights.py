"""BEH309: weights that are no numbers, and masks and bounds that only look like it."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from math import inf, nan

from tests.diagnosis.broken_models.case import FLOAT, Pair
from tests.diagnosis.broken_models.container import SHARD
from tests.models import Dtype, Model, healthy, variable_index, with_variable

LOWEST = struct.unpack("<f", b"\xff\xff\x7f\xff")[0]
"""The least float32, which masks hold where their author was careful."""


def variable(*values: float) -> Callable[[], Model]:
    """A model with a variable of these float32 numbers."""

    def build() -> Model:
        model = with_variable(healthy())
        data = struct.pack(f"<{len(values)}f", *values)
        model.files["variables/variables.index"] = variable_index({"w": (0, len(data))})
        model.files[SHARD] = data
        return model

    return build


def constant(
    values: Sequence[float], shape: tuple[int, ...] | None = None, field: str = "tensor_content"
) -> Callable[[], Model]:
    """A model with a float32 constant, its numbers as bytes or in another field."""

    def build() -> Model:
        model = healthy()
        tensor = model.node("c", "Const", dtype=FLOAT).attr["value"].tensor
        tensor.dtype = 1
        for size in (len(values),) if shape is None else shape:
            tensor.tensor_shape.dim.add(size=size)
        if field == "tensor_content":
            tensor.tensor_content = struct.pack(f"<{len(values)}f", *values)
        else:
            getattr(tensor, field).extend(values)
        return model

    return build


def integers(value: bytes) -> Model:
    """A constant of int32 numbers, whose bits would be NaN."""
    model = healthy()
    tensor = model.node("c", "Const", dtype=Dtype("int32")).attr["value"].tensor
    tensor.dtype = 3
    tensor.tensor_shape.dim.add(size=len(value) // 4)
    tensor.tensor_content = value
    return model


CAUSAL_MASK = [0.0 if column <= row else -inf for row in range(8) for column in range(8)]
ALIBI_MASK = [column - row if column <= row else -inf for row in range(8) for column in range(8)]

CASES = {
    "BEH309": Pair(
        [
            variable(0.5, nan, -0.5),
            variable(0.5, inf, 1.0),
            variable(inf),
            variable(-inf, 0.5),  # a mask has nothing above zero
            constant([0.5, nan]),
            constant([0.25, inf]),
            constant([nan], (40,), "float_val"),  # one number for all forty
            constant([nan, *CAUSAL_MASK]),
        ],
        [
            variable(0.5, 3.4e38, LOWEST),
            variable(0.0, -inf, -inf),
            constant(CAUSAL_MASK, (8, 8)),
            constant(ALIBI_MASK, (1, 8, 8)),
            constant([0.0, LOWEST] * 8),
            constant([-inf], (), "float_val"),
            constant([inf, -inf]),  # bounds
            constant([nan], (), "float_val"),  # what stands for a missing number
            lambda: integers(b"\x00\x00\xc0\x7f" * 4),
        ],
    ),
}
