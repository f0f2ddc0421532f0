"""Graphs of a single operator, for asking a converter what it takes.

`EXAMPLES` says how operators that need particular arguments are called; every other operator is
tried with guesses.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import cache
from typing import Any

SHAPES = ((1, 4, 4, 3), (4, 3), (3,), (), (1, 4, 4, 4, 3), (1, 3, 4))
DTYPES = ("float32", "int32", "bool", "string", "int64", "complex64")
PARAMETERS = frozenset({
    "axis", "axes", "dim", "dimension", "reduction_indices", "perm", "shape", "dims", "size",
    "begin", "end", "strides", "multiples", "paddings", "split_dim", "concat_dim",
    "block_shape", "crops", "depth", "k", "num_segments", "sizes", "size_splits",
    "filter_sizes", "input_sizes", "input_size", "start", "limit", "delta", "num", "lower",
    "upper", "seed", "shift", "output_size", "output_shape", "dense_shape", "on_value",
    "off_value", "default_value", "num_samples", "minval", "maxval",
})  # fmt: skip
"""Inputs that hold a few numbers, which a converter wants as constants."""
CONSTANTS: tuple[Any, ...] = (
    None,
    0,
    1,
    [0],
    [1],
    [0, 1],
    [1, 2, 2, 1],
    [[0, 0]] * 2,
    [[0, 0]] * 4,
)
ATTRIBUTES: dict[str, tuple[Any, ...]] = {
    "strides": ([1, 1, 1, 1], [1, 1, 1, 1, 1]), "ksize": ([1, 2, 2, 1], [1, 2, 2, 2, 1]),
    "padding": ("SAME",), "N": (2,), "num_split": (1,), "block_size": (2,), "shape": ([4, 3],),
    "num": (1,), "out_type": ("int32",), "DstT": ("float32", "int32"), "Tout": (["float32"],),
    "dtype": ("float32",), "output_type": ("int32",), "k": (1,), "ksizes": ([1, 2, 2, 1],),
    "rates": ([1, 1, 1, 1],), "seq_dim": (1,), "dilations": ([1, 1, 1, 1],),
}  # fmt: skip
"""Values to try for attributes without a default."""
BY_TYPE: dict[str, tuple[Any, ...]] = {
    "float": (1.0,), "bool": (False,), "shape": ([4, 3],), "list(int)": ([1, 1, 1, 1],),
    "list(type)": (["float32"],), "list(shape)": ([[4, 3]],),
}  # fmt: skip

X, IMAGE, VOLUME = ("float32", (4, 4)), ("float32", (1, 4, 4, 3)), ("float32", (1, 4, 4, 4, 3))
IDS, MASK, SPECTRUM = ("int32", (4,)), ("bool", (4, 4)), ("complex64", (4, 5))
_ZEROS = [[0.0] * 4] * 4
_KERNEL = [[[[0.5] * 4] * 3] * 2] * 2
_DEPTHWISE = [[[[0.5]] * 3] * 2] * 2
_CHANNELS = [0.5] * 3
_NORM = {"x": IMAGE, "scale": _CHANNELS, "offset": _CHANNELS, "mean": _CHANNELS,
         "variance": _CHANNELS, "is_training": False}  # fmt: skip
_REDUCE = {"input": IMAGE, "axis": [1], "keep_dims": False}
_BOOLEAN = {**_REDUCE, "input": MASK}
_BOXES = {"boxes": ("float32", (5, 4)), "scores": ("float32", (5,)), "max_output_size": 3,
          "iou_threshold": 0.5}  # fmt: skip
_SCORED = {**_BOXES, "score_threshold": 0.1}
_SEGMENTS = {"data": X, "segment_ids": IDS}
_NUMBERED = {**_SEGMENTS, "num_segments": 2}
_PRODUCT = {"x": X, "y": X}
_UPDATE = {"tensor": X, "indices": ("int32", (2, 1)), "updates": ("float32", (2, 4))}
_DIAGONAL = {"input": X, "diagonal": ("float32", (4,))}
_QUANTISED = {"inputs": X, "min": -1.0, "max": 1.0}

EXAMPLES: dict[str, dict[str, Any]] = {
    **dict.fromkeys(("Max", "Min", "Mean", "Prod", "Sum", "EuclideanNorm"), _REDUCE),
    **dict.fromkeys(("All", "Any"), _BOOLEAN),
    **dict.fromkeys(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"), _NORM),
    **dict.fromkeys(("SegmentSum", "SegmentMax", "SegmentMin", "SegmentProd", "SegmentMean"),
                    _SEGMENTS),
    **dict.fromkeys(("UnsortedSegmentSum", "UnsortedSegmentMax", "UnsortedSegmentMin",
                     "UnsortedSegmentProd"), _NUMBERED),
    **dict.fromkeys(("TensorScatterUpdate", "TensorScatterAdd", "TensorScatterSub",
                     "TensorScatterMax", "TensorScatterMin"), _UPDATE),
    **dict.fromkeys(("BatchMatMul", "BatchMatMulV2"), _PRODUCT),
    "BatchMatMulV3": {**_PRODUCT, "Tout": "float32"},
    "MatMul": {"a": X, "b": _ZEROS},
    "Conv2D": {"input": IMAGE, "filter": _KERNEL, "strides": [1, 1, 1, 1], "padding": "SAME"},
    "Conv3D": {"input": VOLUME, "filter": [_KERNEL] * 2, "strides": [1] * 5, "padding": "SAME"},
    "DepthwiseConv2dNative": {"input": IMAGE, "filter": _DEPTHWISE, "strides": [1, 1, 1, 1],
                              "padding": "SAME"},
    "BiasAdd": {"value": IMAGE, "bias": _CHANNELS},
    "BiasAddV1": {"value": IMAGE, "bias": _CHANNELS},
    "BatchToSpaceND": {"input": ("float32", (4, 2, 2, 3)), "block_shape": [2, 2],
                       "crops": [[0, 0], [0, 0]]},
    "SpaceToBatchND": {"input": IMAGE, "block_shape": [2, 2], "paddings": [[0, 0], [0, 0]]},
    "DepthToSpace": {"input": ("float32", (1, 2, 2, 4)), "block_size": 2},
    "SpaceToDepth": {"input": IMAGE, "block_size": 2},
    "Einsum": {"inputs": [X, X], "equation": "ab,bc->ac"},
    "ExpandDims": {"input": X, "axis": 0},
    "Squeeze": {"input": IMAGE, "axis": [0]},
    "Split": {"axis": 1, "value": X, "num_split": 2},
    "SplitV": {"value": X, "size_splits": [1, 3], "axis": 1, "num_split": 2},
    "Unpack": {"value": X, "num": 4, "axis": 0},
    "Tile": {"input": X, "multiples": [1, 2]},
    "Transpose": {"x": X, "perm": [1, 0]},
    "StridedSlice": {"input": X, "begin": [0, 0], "end": [2, 2], "strides": [1, 1]},
    "MatrixSetDiag": _DIAGONAL,
    "MatrixSetDiagV2": {**_DIAGONAL, "k": 0},
    "MatrixSetDiagV3": {**_DIAGONAL, "k": 0},
    "MatrixDiagV2": {"diagonal": ("float32", (4,)), "k": 0, "num_rows": -1, "num_cols": -1,
                     "padding_value": 0.0},
    "MatrixDiagV3": {"diagonal": ("float32", (4,)), "k": 0, "num_rows": -1, "num_cols": -1,
                     "padding_value": 0.0},
    "NonMaxSuppressionV3": _SCORED,
    "NonMaxSuppressionV4": _SCORED,
    "NonMaxSuppressionV5": {**_SCORED, "soft_nms_sigma": 0.0},
    "RFFT": {"input": ("float32", (4, 8)), "fft_length": [8]},
    "RFFT2D": {"input": ("float32", (1, 8, 8)), "fft_length": [8, 8]},
    "IRFFT": {"input": SPECTRUM, "fft_length": [8]},
    "IRFFT2D": {"input": ("complex64", (1, 8, 5)), "fft_length": [8, 8]},
    "ReverseSequence": {"input": X, "seq_lengths": IDS, "seq_dim": 1, "batch_dim": 0},
    "ScatterNd": {"indices": ("int32", (2, 1)), "updates": ("float32", (2, 4)), "shape": [4, 4]},
    "Select": {"condition": MASK, "x": X, "y": X},
    "SelectV2": {"condition": MASK, "t": X, "e": X},
    "SparseToDense": {"sparse_indices": ("int32", (4,)), "output_shape": [8],
                      "sparse_values": ("float32", (4,)), "default_value": 0.0},
    "Where": {"condition": MASK},
    "Unique": {"x": IDS},
    "TopKV2": {"input": X, "k": 2},
    "Bucketize": {"input": X, "boundaries": [0.0, 1.0]},
    "Cumprod": {"x": X, "axis": 0},
    "Roll": {"input": X, "shift": [1], "axis": [0]},
    "CropAndResize": {"image": IMAGE, "boxes": ("float32", (1, 4)), "box_ind": ("int32", (1,)),
                      "crop_size": [2, 2]},
    "CTCGreedyDecoder": {"inputs": ("float32", (4, 1, 3)), "sequence_length": ("int32", (1,))},
    "FakeQuantWithMinMaxVars": _QUANTISED,
    "QuantizeAndDequantizeV2": {"input": X, "input_min": -1.0, "input_max": 1.0},
    "ClipByValue": {"t": X, "clip_value_min": 0.0, "clip_value_max": 1.0},
    "LinSpace": {"start": ("float32", ()), "stop": 1.0, "num": 4},
    "RandomUniformInt": {"shape": IDS, "minval": 0, "maxval": 9},
    "Assert": {"condition": ("bool", ()), "data": [X]},
    "MatrixInverse": {"input": X},
    "Cholesky": {"input": X},
    "Svd": {"input": X},
    "MatrixTriangularSolve": {"matrix": X, "rhs": X},
    "DynamicStitch": {"indices": [IDS], "data": [("float32", (4, 4))]},
    "DynamicPartition": {"data": X, "partitions": IDS, "num_partitions": 2},
    "ExtractImagePatches": {"images": IMAGE, "ksizes": [1, 2, 2, 1], "strides": [1, 1, 1, 1],
                            "rates": [1, 1, 1, 1], "padding": "SAME"},
    "StringSplitV2": {"input": ("string", (4,)), "sep": " "},
    "StringSplit": {"input": ("string", (4,)), "delimiter": " "},
    "ParseExampleV2": {
        "serialized": ("string", (4,)), "names": [""] * 4, "sparse_keys": ["s"],
        "dense_keys": ["d"], "ragged_keys": ["r"], "dense_defaults": [[0.0]], "num_sparse": 1,
        "sparse_types": ["float32"], "ragged_value_types": ["int64"],
        "ragged_split_types": ["int64"], "dense_shapes": [[1]],
    },
}  # fmt: skip
"""Operator -> its arguments: (dtype, shape) is an input, anything else a constant or attribute."""


@cache
def _definitions() -> dict[str, Any]:
    from tests.tools.tensorflow_operators import operators

    return {item.name: item for item in operators()}


def graphs_of(name: str) -> Iterator[tuple[Any, list[Any], list[Any]]]:
    """(graph, inputs, outputs) of each way to call an operator that TensorFlow accepts.

    Where there are several outputs, a graph of the first alone follows: the others may be for
    training only.
    """
    calls = [EXAMPLES[name]] if name in EXAMPLES else _guesses(_definitions()[name])
    for arguments in calls:
        try:
            built = _build(_definitions()[name], arguments)
        except Exception:
            continue
        if built is not None:
            graph, inputs, outputs = built
            yield built
            if len(outputs) > 1:
                yield graph, inputs, outputs[:1]


def _is_input(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], tuple)


def _build(definition: Any, arguments: dict[str, Any]) -> tuple[Any, list[Any], list[Any]] | None:
    import tensorflow as tf

    inputs: list[Any] = []

    def tensor(value: Any) -> Any:
        if isinstance(value, list) and value and all(map(_is_input, value)):
            return [tensor(item) for item in value]
        if not _is_input(value):
            return value
        inputs.append(tf.compat.v1.placeholder(*value))
        return inputs[-1]

    graph = tf.Graph()
    with graph.as_default():
        called = {key: tensor(value) for key, value in arguments.items()}
        result = getattr(tf.raw_ops, definition.name)(**called)
        tensors = [item for item in tf.nest.flatten(result) if isinstance(item, tf.Tensor)]
        if any(item.dtype in (tf.resource, tf.variant) for item in tensors):
            return None  # TFLite knows these in the middle of a graph only
        outputs = [tf.identity(item) for item in tensors]
    return (graph, inputs, outputs) if inputs and outputs else None


def _allowed(definition: Any, attribute: str) -> list[str]:
    import tensorflow as tf

    found = next(item for item in definition.attr if item.name == attribute)
    return [tf.as_dtype(number).name for number in found.allowed_values.list.type] or list(DTYPES)


def _attributes(definition: Any) -> dict[str, tuple[Any, ...]]:
    """Attributes that are neither inferred nor have a default -> values to try."""
    inferred = {
        getattr(argument, field)
        for argument in definition.input_arg
        for field in ("type_attr", "number_attr", "type_list_attr")
    }
    found: dict[str, tuple[Any, ...]] = {}
    for attribute in definition.attr:
        if attribute.name in inferred or attribute.HasField("default_value"):
            continue
        if attribute.name in ATTRIBUTES:
            found[attribute.name] = ATTRIBUTES[attribute.name]
        elif attribute.type == "type":
            found[attribute.name] = tuple(_allowed(definition, attribute.name)[:2])
        elif attribute.type == "int":
            found[attribute.name] = (max(1, attribute.minimum),)
        elif attribute.type == "string":
            listed = attribute.allowed_values.list.s
            found[attribute.name] = (listed[0].decode() if listed else "x",)
        else:
            found[attribute.name] = BY_TYPE.get(attribute.type, ())
    return found


def _guesses(definition: Any) -> Iterator[dict[str, Any]]:
    attributes = _attributes(definition)
    constants = CONSTANTS if any(a.name in PARAMETERS for a in definition.input_arg) else (None,)
    for values in itertools.product(*attributes.values()):
        named = dict(zip(attributes, values, strict=True))
        for dtype, shape, constant, whole in itertools.product(
            DTYPES, SHAPES, constants, (False, True) if len(definition.input_arg) > 1 else (False,)
        ):
            inputs = _inputs(definition, dtype, shape, constant, whole, named)
            if inputs is not None:
                yield {**inputs, **named}


def _inputs(
    definition: Any, dtype: str, shape: tuple[int, ...], constant: Any, whole: bool, named: Any
) -> dict[str, Any] | None:
    """All inputs of one dtype and shape, parameters constant, further ones int32 if `whole`."""
    import tensorflow as tf

    found: dict[str, Any] = {}
    chosen: dict[str, str] = {}
    for position, argument in enumerate(definition.input_arg):
        kind = tf.as_dtype(argument.type).name if argument.type else dtype
        if argument.type_attr:
            allowed = _allowed(definition, argument.type_attr)
            is_number = argument.name in PARAMETERS or (whole and position)
            wanted = "int32" if is_number and "int32" in allowed else dtype
            kind = chosen.setdefault(argument.type_attr, wanted)
            if kind not in allowed:
                return None
        if kind in ("resource", "variant"):
            return None
        given: Any = (kind, shape)
        if argument.name in PARAMETERS and constant is not None:
            given = constant
        if argument.number_attr:
            given = [given] * named.get(argument.number_attr, 2)
        elif argument.type_list_attr:
            given = [given]
        found[argument.name] = given
    return found
