"""Forms of operators that TensorFlow.js lacks: what builds each, and the shape of its input."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tests.optimising.expressing.picked import PICKED
from tests.optimising.graphs import noise

raw = tf.raw_ops


def xlog(op: Callable) -> Callable:
    return lambda x: op(x=tf.nn.relu(x), y=tf.abs(x) + 0.5)


def quantised(bits: int, narrow: bool) -> Callable:
    return lambda x: tf.quantization.fake_quant_with_min_max_vars(x, -0.7, 1.3, bits, narrow)


def volumes(padding: str, *strides: int) -> Callable:
    def build(x):
        sizes = [(n - 1) * s + 3 if padding == "VALID" else n * s
                 for n, s in zip(x.shape[1:4], strides, strict=True)]  # fmt: skip
        shape = tf.stack([tf.shape(x)[0], *sizes, 4])
        return tf.nn.conv3d_transpose(x, noise(3, 3, 3, 4, 2), shape, strides, padding)

    return build


def patches(size: int, stride: int, rate: int, padding: str) -> Callable:
    return lambda x: tf.image.extract_patches(
        x, [1, size, size, 1], [1, stride, stride, 1], [1, rate, rate, 1], padding
    )


def band(lower: int, upper: int, dtype: tf.DType) -> Callable:
    def build(x):
        kept = tf.linalg.band_part(x if dtype == tf.float32 else x > 0, lower, upper)
        return tf.cast(kept, tf.float32)

    return build


def grouped(groups: int, channels: int, **options) -> Callable:
    kernel = noise(3, 3, channels // groups, 2 * channels, seed=3)
    return lambda x: tf.nn.conv2d(x, kernel, **{"strides": 1, "padding": "SAME", **options})


def product(equation: str, *shape: int) -> Callable:
    return lambda x: tf.einsum(equation, x, noise(*shape, seed=5))


def segments(op: Callable, *numbers: object, **options: object) -> Callable:
    return lambda x: op(data=x, segment_ids=np.int32(numbers), **options)


def by_content(op: Callable, count: int) -> Callable:
    """Which segment a row is of, and how many there are, only the call tells; some are below 0."""

    def build(x):
        numbers = tf.cast(tf.round(x[..., 0] * 2), tf.int64)
        return op(data=x, segment_ids=numbers, num_segments=tf.shape(x)[0] * 0 + count)

    return build


def one_hot(on: object, off: object, axis: int, dtype: tf.DType) -> Callable:
    def build(x):
        indices = tf.cast(tf.round(x * 3), tf.int32)
        return tf.cast(tf.one_hot(indices, 4, on, off, axis, dtype), tf.float32)

    return build


def looked_up(op: Callable, **options: object) -> Callable:
    return lambda x: op(data=x, indices=np.int64([1, 0, 0, 1]),
                        segment_ids=np.int32([0, 0, 2, 2]), **options)  # fmt: skip


def resized(op: Callable, *size: int, **options: object) -> Callable:
    return lambda x: op(images=x, size=size, **options)


def sampled(kind: str, *size: int, antialias: bool = True) -> Callable:
    def build(x):
        scale = tf.constant(size, tf.float32) / tf.cast(tf.shape(x)[1:3], tf.float32)
        return raw.ScaleAndTranslate(images=x, size=size, scale=scale, translation=[0.5, -2.0],
                                     kernel_type=kind, antialias=antialias)  # fmt: skip

    return build


def ragged(*levels: list[int]) -> Callable:
    """The numbers of x in rows, as indices, values and shape one after another."""

    def build(x):
        found = raw.RaggedTensorToSparse(
            rt_nested_splits=[np.int64(each) for each in levels], rt_dense_values=x
        )
        parts = [tf.reshape(tf.cast(part, tf.float32), [-1]) for part in found]
        return tf.concat(parts, 0)

    return build


def sparse_product(**options: bool) -> Callable:
    return lambda x: raw.SparseTensorDenseMatMul(
        a_indices=np.int64([[0, 2], [0, 0], [3, 1]]), a_values=np.float32([2, -1, 0.5]),
        a_shape=np.int64([4, 3]), b=x, **options,
    )  # fmt: skip


def in_rows(shape: object, default: float, *partitions: tuple[object, str]) -> Callable:
    return lambda x: raw.RaggedTensorToTensor(
        shape=np.int64(shape), values=x, default_value=np.float32(default),
        row_partition_tensors=[np.int64(part) for part, _ in partitions],
        row_partition_types=[kind for _, kind in partitions],
    )  # fmt: skip


FRACTIONS = np.float32([1, 0.01, -1e-30, np.nan, np.inf, 0, -0.0])
IMAGE, OPEN_IMAGE = (None, 7, 10, 3), (None, None, None, 3)
SAMPLED = ("box", "gaussian", "keyscubic", "lanczos1", "lanczos3", "lanczos5", "mitchellcubic",
           "triangle")  # fmt: skip

CASES: dict[str, tuple[Callable, tuple[int | None, ...]]] = {
    "Erfc": (tf.math.erfc, (None, 5)),
    "Softsign": (tf.nn.softsign, (None, 5)),
    "Inv": (lambda x: raw.Inv(x=x), (None, 5)),
    "Rint": (lambda x: tf.math.rint(x * 3), (None, 5)),
    "L2Loss": (lambda x: tf.nn.l2_loss(x)[None], (3, 5)),
    "Xlogy": (xlog(raw.Xlogy), (None, 5)),
    "Xdivy": (xlog(raw.Xdivy), (None, 5)),
    "Xlog1py": (xlog(raw.Xlog1py), (None, 5)),
    "MulNoNan": (lambda x: tf.math.multiply_no_nan(1 / x, tf.nn.relu(x)), (None, 5)),
    "BiasAddV1": (lambda x: raw.BiasAddV1(value=x, bias=noise(5)), (None, 5)),
    "BatchMatMulV3": (
        lambda x: raw.BatchMatMulV3(x=x, y=noise(2, 4, 3), Tout=tf.float32, adj_x=True),
        (2, 4, 5),
    ),
    "Bucketize": (
        lambda x: tf.cast(raw.Bucketize(input=x, boundaries=[-1.0, 0.0, 0.5]), tf.float32),
        (None, 5),
    ),
    "FakeQuantWithMinMaxArgs": (
        lambda x: raw.FakeQuantWithMinMaxArgs(inputs=x, min=0.1, max=1.9, num_bits=5), (None, 5)
    ),
    "FakeQuantWithMinMaxVars": (quantised(8, False), (None, 5)),
    "FakeQuantWithMinMaxVars narrow": (quantised(4, True), (None, 5)),
    "FakeQuantWithMinMaxVarsPerChannel": (
        lambda x: raw.FakeQuantWithMinMaxVarsPerChannel(
            inputs=x, min=np.float32([-1, -2, 0]), max=np.float32([1, 0.3, 2])
        ),
        (None, 3),
    ),
    "Roll": (lambda x: tf.roll(x, [2, -1], [1, 2]), (None, 5, 4)),
    "Roll of open size": (lambda x: tf.roll(x, 4, 1), (None, None, 3)),
    "Roll by a whole turn": (lambda x: tf.roll(x, 5, 1), (None, 5)),
    "MatrixBandPart": (band(1, 0, tf.float32), (None, 4, 5)),
    "MatrixBandPart of flags": (band(-1, 0, tf.bool), (None, 4, 4)),
    "MatrixBandPart, both": (band(1, 2, tf.bool), (None, 6, 5)),
    "MatrixBandPart of open size": (band(0, -1, tf.float32), (None, None, None)),
    "MatrixDiagV3": (tf.linalg.diag, (None, 4)),
    "OneHot": (one_hot(1, 0, -1, tf.float32), (None, 5)),
    "OneHot, other numbers": (one_hot(2.5, -1, -1, tf.float32), (None, 5)),
    "OneHot of flags": (one_hot(True, False, -1, tf.bool), (None, 5)),
    "OneHot of flags turned round": (one_hot(False, True, 1, tf.bool), (None, 5)),
    "OneHot, in front": (one_hot(1, 0, 0, tf.float32), (None, 5)),
    "OneHot between, whole numbers": (one_hot(7, 3, 1, tf.int32), (None, 5, 3)),
    "Select": (lambda x: raw.Select(condition=x[:, 0] > 0, x=x, y=-x), (None, 4)),
    "Cast of fractions": (
        lambda x: tf.where(tf.cast(x * FRACTIONS, tf.bool), 3.0, x), (None, FRACTIONS.size)
    ),
    "Cast of whole numbers": (
        lambda x: tf.where(tf.cast(tf.shape(x) * [128, 256, -1], tf.bool), 3.0, x), (None, 6, 3)
    ),
    "SpaceToDepth": (lambda x: tf.nn.space_to_depth(x, 2), (None, 4, 6, 3)),
    "ExtractImagePatches": (patches(2, 2, 1, "VALID"), (None, 5, 7, 3)),
    "ExtractImagePatches, overlapping": (patches(3, 2, 1, "SAME"), (None, 5, 7, 2)),
    "ExtractImagePatches, apart": (patches(2, 1, 2, "VALID"), (None, None, 7, 2)),
    "Conv3DBackpropInputV2": (volumes("SAME", 2, 2, 2), (None, 3, 4, 2, 2)),
    "Conv3DBackpropInputV2, uneven": (volumes("VALID", 1, 3, 2), (None, 3, 2, 4, 2)),
    "Conv2D": (grouped(3, 6, strides=2), (None, 7, 6, 6)),
    "Conv2D, dilated": (grouped(2, 4, dilations=2), (None, 7, 6, 4)),
    "Conv2D, a channel each": (grouped(4, 4, padding="VALID"), (None, 7, 6, 4)),
    "Einsum": (product("abc,cde->abde", 3, 2, 4), (None, 5, 3)),
    "Einsum of open sizes": (product("abc,cde->abde", 3, 2, 4), (None, None, 3)),
    "Einsum, turned": (product("abc,dc->adb", 4, 3), (None, 5, 3)),
    "Einsum, heads": (product("aecd,abcd->acbe", 2, 5, 3, 4), (2, 6, 3, 4)),
    "Einsum of all": (product("...ij,jk->...ik", 3, 4), (None, 2, 5, 3)),
    "Einsum, summed": (product("abc,dc->ad", 4, 3), (None, 5, 3)),
    "Einsum, outer": (product("ab,c->abc", 4), (None, 3)),
    "Einsum, whole": (product("abc,bc->a", 5, 3), (None, 5, 3)),
    "Einsum of itself": (
        lambda x: tf.einsum("bqhd,bkhd->bhqk", x, x * 2), (None, None, 2, 3)
    ),
    "Einsum of one": (lambda x: tf.einsum("abc->cb", x), (None, 4, 3)),
    "ShapeN": (
        lambda x: tf.ones(tf.stack([raw.ShapeN(input=[x, x[0]])[1][1], 2])), (None, None, 3)
    ),
    "RaggedTensorToSparse": (ragged([0, 0, 3, 3, 5, 6, 6]), (None,)),
    "RaggedTensorToSparse of two levels": (ragged([0, 2, 2, 3], [0, 1, 1, 4]), (4,)),
    "RaggedTensorToTensor": (in_rows(-1, 0.0, ([0, 0, 3, 3, 5, 6, 6], "ROW_SPLITS")), (None,)),
    "RaggedTensorToTensor, wider": (in_rows([5, 4], -7.0, ([0, 2, 2, 6], "ROW_SPLITS")), (6,)),
    "RaggedTensorToTensor, cut": (
        in_rows([-1, 2, 3], -7.0, ([0, 1, 1, 4], "ROW_SPLITS")), (4, 3)
    ),
    "RaggedTensorToTensor by rows": (
        in_rows(-1, 2.5, (5, "FIRST_DIM_SIZE"), ([0, 0, 3], "VALUE_ROWIDS")), (3, 2)
    ),
    "DiagPart": (lambda x: raw.DiagPart(input=x), (4, 4)),
    **{
        f"TensorScatter{op}": (
            lambda x, op=op: getattr(raw, f"TensorScatter{op}")(
                tensor=x, indices=np.int64([[1], [0], [1]]), updates=noise(3, 4)
            ),
            (None, 4),
        )
        for op in ("Add", "Sub")
    },
    "UnsortedSegmentSum": (segments(raw.UnsortedSegmentSum, 2, -1, 0, 5, num_segments=7), (4, 3)),
    "UnsortedSegmentSum of two axes": (
        segments(raw.UnsortedSegmentSum, [2, -1, 0], [1, 2, 1], num_segments=3), (2, 3, 2, 2)
    ),
    "UnsortedSegmentSum by content": (by_content(raw.UnsortedSegmentSum, 9), (None, None, 2)),
    "UnsortedSegmentMax": (
        segments(raw.UnsortedSegmentMax, 2, -1, 0, 2, 0, num_segments=3), (5, 3)
    ),
    "UnsortedSegmentMax, empty": (
        lambda x: tf.maximum(
            raw.UnsortedSegmentMax(data=x, segment_ids=np.int32([2, 0, 0]), num_segments=5), -9
        ),
        (3, 2),
    ),
    "UnsortedSegmentMin": (by_content(lambda **options: tf.minimum(
        raw.UnsortedSegmentMin(**options), 9), 9), (None, None, 2)),
    "UnsortedSegmentProd": (by_content(raw.UnsortedSegmentProd, 9), (None, 3)),
    "SegmentSum": (segments(raw.SegmentSum, 0, 0, 2, 3), (4, 3)),
    "SegmentMean": (segments(raw.SegmentMean, 0, 0, 2, 3), (4, 3, 2)),
    "SparseSegmentSqrtN": (looked_up(raw.SparseSegmentSqrtN), (5, 3)),
    "SparseSegmentSqrtNWithNumSegments": (
        looked_up(raw.SparseSegmentSqrtNWithNumSegments, num_segments=4), (None, 3)
    ),
    "SparseSegmentMeanWithNumSegments": (
        looked_up(raw.SparseSegmentMeanWithNumSegments, num_segments=3), (5, 3, 2)
    ),
    "SparseSegmentSumWithNumSegments": (
        looked_up(raw.SparseSegmentSumWithNumSegments, num_segments=3), (5, 3)
    ),
    "Cross": (lambda x: raw.Cross(a=x, b=x[..., ::-1] + 1), (None, 2, 3)),
    "MatrixDiagPartV3": (tf.linalg.diag_part, (None, 3, 4)),
    "MatrixDiagPartV3, high": (tf.linalg.diag_part, (None, 4, 3)),
    "MatrixSetDiagV3": (lambda x: tf.linalg.set_diag(x, x[:, 0, :3] * 9), (None, 3, 4)),
    "MatrixSetDiagV3, high": (lambda x: tf.linalg.set_diag(x, x[:, 0] * 9), (None, 4, 3)),
    "SoftmaxCrossEntropyWithLogits": (
        lambda x: raw.SoftmaxCrossEntropyWithLogits(features=x, labels=tf.abs(x)).loss, (None, 5)
    ),
    "SparseSoftmaxCrossEntropyWithLogits": (
        lambda x: raw.SparseSoftmaxCrossEntropyWithLogits(features=x, labels=[4, 0]).loss, (2, 5)
    ),
    "SparseTensorDenseMatMul": (sparse_product(), (3, 5)),
    "SparseTensorDenseMatMul, turned": (sparse_product(adjoint_a=True, adjoint_b=True), (5, 4)),
    "RGBToHSV": (lambda x: raw.RGBToHSV(images=tf.abs(x)), IMAGE),
    "RGBToHSV below 0": (lambda x: raw.RGBToHSV(images=x), (None, 3)),
    "HSVToRGB": (lambda x: raw.HSVToRGB(images=tf.minimum(tf.abs(x), 1)), IMAGE),
    "AdjustHue": (lambda x: raw.AdjustHue(images=x, delta=0.3), OPEN_IMAGE),
    "AdjustHue backwards": (lambda x: raw.AdjustHue(images=x, delta=-0.9), (7, 5, 3)),
    "AdjustSaturation": (lambda x: raw.AdjustSaturation(images=tf.abs(x), scale=1.7), IMAGE),
    "AdjustSaturation below 0": (lambda x: raw.AdjustSaturation(images=x, scale=0.4), IMAGE),
    "AdjustContrastv2": (
        lambda x: raw.AdjustContrastv2(images=x, contrast_factor=1.6), OPEN_IMAGE
    ),
    **{
        f"{op} {size}{' open' if None in shape[1:] else ''} {' '.join(options)}": (
            resized(getattr(raw, op), *size, **options), shape
        )
        for op, size, options, shape in [
            ("ResizeBicubic", (14, 5), {"half_pixel_centers": True}, IMAGE),
            ("ResizeBicubic", (5, 23), {"half_pixel_centers": True}, OPEN_IMAGE),
            ("ResizeBicubic", (12, 4), {}, IMAGE),
            ("ResizeBicubic", (1, 9), {"align_corners": True}, OPEN_IMAGE),
            ("ResizeArea", (3, 4), {}, IMAGE),
            ("ResizeArea", (14, 10), {}, OPEN_IMAGE),
            ("ResizeArea", (4, 1), {"align_corners": True}, IMAGE),
            ("ResizeArea", (10, 3), {"align_corners": True}, OPEN_IMAGE),
        ]
    },
    **{f"ScaleAndTranslate {kind}": (sampled(kind, 4, 17), IMAGE) for kind in SAMPLED},
    **PICKED,
    "ScaleAndTranslate open": (sampled("lanczos3", 3, 17), OPEN_IMAGE),
    "ScaleAndTranslate plain": (sampled("triangle", 3, 6, antialias=False), OPEN_IMAGE),
}  # fmt: skip
"""Operator and form -> a function of the input `x`, and the shape of that."""
OPEN = 6


def drawn(shape: tuple[int | None, ...], seed: int = 0) -> np.ndarray:
    """An input of that shape, rounded: some numbers lie between two steps, and on 0."""
    sizes = [
        (OPEN if len(shape) == 1 else 2 if axis == 0 else OPEN) if n is None else n
        for axis, n in enumerate(shape)
    ]
    return np.round(noise(*sizes, seed=seed) * 8) / 8
