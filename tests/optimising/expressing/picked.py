"""Forms of non-maximum suppression, dilation and lookups in batches, as in `cases.py`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from tests.optimising.graphs import noise

raw = tf.raw_ops
MANY = 20
"""More boxes than an input of open size has."""


def joined(parts: object) -> tf.Tensor:
    """Several results as one vector of numbers."""
    return tf.concat([tf.reshape(tf.cast(part, tf.float32), [-1]) for part in parts], 0)


def corners(*shape: int) -> np.ndarray:
    """Boxes on a coarse grid: some overlap by just a half, some have no area, some are inverted."""
    return np.round(np.random.default_rng(7).uniform(-0.2, 1.2, (*shape, 4)) * 4).astype("f") / 4


def apart(x: tf.Tensor) -> tf.Tensor:
    """Scores, no two of them the same: which of those comes first, nobody says."""
    sizes = [MANY if size is None else size for size in x.shape[1:]]
    numbers = np.arange(int(np.prod(sizes)), dtype=np.float32).reshape(sizes)
    return tf.sigmoid(x) + tf.constant(numbers)[: x.shape[1] or tf.shape(x)[1]] * 1e-4


def combined(
    owners: int, own: int, total: int, overlap: float, least: float, **options
) -> Callable:
    def build(x):
        given = tf.constant(corners(1, x.shape[1] or MANY, owners))[
            :, : x.shape[1] or tf.shape(x)[1]
        ]
        boxes = tf.tile(given, [tf.shape(x)[0], 1, 1, 1])
        moved = boxes + 0.3 * tf.round(x[:, :1, :1, None])  # other boxes for each image
        return joined(
            raw.CombinedNonMaxSuppression(
                boxes=moved,
                scores=apart(x),
                max_output_size_per_class=own,
                max_total_size=total,
                iou_threshold=overlap,
                score_threshold=least,
                **options,
            )
        )

    return build


def soft(sigma: float, most: int, overlap: float, least: float, **options) -> Callable:
    return lambda x: joined(
        raw.NonMaxSuppressionV5(
            boxes=corners(x.shape[0]),
            scores=apart(x[None])[0],
            max_output_size=most,
            iou_threshold=overlap,
            score_threshold=least,
            soft_nms_sigma=sigma,
            **options,
        )
    )


def hard(op: Callable, **options) -> Callable:
    def build(x):
        found = op(
            boxes=corners(x.shape[0]), scores=apart(x[None])[0], max_output_size=7,
            iou_threshold=0.5, **options,
        )  # fmt: skip
        return joined(found if isinstance(found, tuple) else [found])

    return build


def dilated(size: int, stride: int, rate: int, padding: str, flat: bool = False) -> Callable:
    kernel = noise(size, size, 3, seed=4) * (0 if flat else 1)
    return lambda x: raw.Dilation2D(
        input=x, filter=kernel, strides=[1, stride, stride, 1], rates=[1, rate, rate, 1],
        padding=padding,
    )  # fmt: skip


def looked_up(places: tuple[int, ...], shared: int, kind: tf.DType = tf.float32) -> Callable:
    """`places` [..., count] in the axis behind the shared ones, other places for each example."""

    def build(x):
        size = tf.shape(x)[shared]
        first = tf.cast(tf.abs(tf.round(x[..., 0] * 9)), tf.int64)
        lead = tf.reshape(first, tf.concat([tf.shape(x)[:shared], [-1]], 0))[..., :1]
        wanted = tf.math.floormod(lead + np.int64(places), tf.cast(size, tf.int64))
        found = tf.gather(tf.cast(x * 8, kind), wanted, batch_dims=shared)
        return tf.cast(found, tf.float32)

    return build


def quantised(version: str, low: object, high: object, **options) -> Callable:
    options = {"range_given": True, "num_bits": 4, **options}
    return lambda x: getattr(raw, f"QuantizeAndDequantize{version}")(
        input=x, input_min=np.float32(low), input_max=np.float32(high), **options
    )


def bits(op: Callable) -> Callable:
    return lambda x: tf.cast(op(tf.cast(x * 8, tf.int32)), tf.float32)


LARGE = np.int32([0, -1, 2**31 - 1, -(2**31), 0x12345678, -0x12345678, 0x0F0F0F0F])


def steps(take: Callable) -> Callable:
    """What is taken of whole numbers, one more of each, or of flags."""

    def build(x):
        found = take(tf.cast(x * 8, tf.int32))
        return tf.where(found, 1.0, 2.0) if found.dtype == tf.bool else tf.cast(found + 1, x.dtype)

    return build


def large(op: Callable) -> Callable:
    """Numbers with bits at both ends; the two halves of what comes of them."""

    def build(x):
        made = op(tf.cast(x * 8, tf.int32) * 0x01234567 + ~LARGE)
        return tf.cast(tf.stack([made // 65536, made % 65536]), tf.float32)

    return build


PICKED: dict[str, tuple[Callable, tuple[int | None, ...]]] = {
    "CombinedNonMaxSuppression": (combined(1, 6, 6, 0.5, 0.2), (None, 12, 3)),
    "CombinedNonMaxSuppression, boxes a class": (combined(3, 5, 5, 0.3, 0.2), (None, 8, 3)),
    "CombinedNonMaxSuppression, few of a class": (
        combined(1, 2, 6, 0.5, 0.3, clip_boxes=False), (None, 12, 3)
    ),
    "CombinedNonMaxSuppression, few of a class, boxes a class": (
        combined(3, 1, 4, 0.5, 0.3, pad_per_class=True), (None, 8, 3)
    ),
    "CombinedNonMaxSuppression of open size": (combined(1, 6, 7, 0.5, 0.2), (None, None, 3)),
    "CombinedNonMaxSuppression of one, open": (combined(1, 5, 8, 0.5, 0.3), (1, None, 1)),
    "CombinedNonMaxSuppression of open size, boxes a class": (
        combined(3, 2, 30, 0.3, 0.2, pad_per_class=True), (None, None, 3)
    ),
    "CombinedNonMaxSuppression of one": (combined(1, 5, 9, 0.5, 0.7), (1, 12, 1)),
    "CombinedNonMaxSuppression, nothing limits": (
        combined(1, 20, 20, 1.0, -np.inf, pad_per_class=True), (2, 4, 2)
    ),
    "NonMaxSuppressionV2": (hard(raw.NonMaxSuppressionV2), (20,)),
    "NonMaxSuppressionV3": (hard(raw.NonMaxSuppressionV3, score_threshold=0.3), (20,)),
    "NonMaxSuppressionV4": (
        hard(raw.NonMaxSuppressionV4, score_threshold=0.6, pad_to_max_output_size=True), (20,)
    ),
    "NonMaxSuppressionV5": (
        hard(lambda **given: raw.NonMaxSuppressionV5(
            score_threshold=0.3, soft_nms_sigma=0.0, **given)[:2]), (20,)
    ),
    "NonMaxSuppressionV5, counted": (soft(0.0, 5, 0.5, 0.3), (20,)),
    "NonMaxSuppressionV5, soft": (soft(0.5, 5, 0.5, 0.3), (20,)),
    "NonMaxSuppressionV5, softer": (soft(0.1, 9, 0.5, 0.0), (6,)),
    "NonMaxSuppressionV5, soft, padded": (
        soft(0.3, 9, 0.2, 0.6, pad_to_max_output_size=True), (7,)
    ),
    "NonMaxSuppressionV5, padded": (soft(0.0, 5, 0.25, 0.3, pad_to_max_output_size=True), (20,)),
    "Dilation2D": (dilated(3, 1, 1, "SAME"), (None, 7, 6, 3)),
    "Dilation2D of open size": (dilated(3, 1, 1, "SAME", flat=True), (None, None, None, 3)),
    "Dilation2D, apart": (dilated(3, 1, 2, "VALID"), (None, 9, None, 3)),
    "Dilation2D, every other": (dilated(2, 2, 1, "SAME"), (None, 7, 6, 3)),
    "Dilation2D, every third": (dilated(3, 3, 1, "VALID"), (None, None, 9, 3)),
    "GatherV2": (looked_up((2, 0, 1), 1), (None, 5, 3)),
    "GatherV2 of numbers": (looked_up((2, 0), 1, tf.int32), (None, 5)),
    "GatherV2 of open size": (looked_up((2, 0, 1), 1), (None, None, None)),
    "GatherV2, one each": (
        lambda x: tf.gather(x, tf.cast(x[:, 0] > 0, tf.int32) * 3, axis=1, batch_dims=1), (None, 5)
    ),
    "GatherV2, two axes": (looked_up((1, 0), 2), (2, 3, 4, 3)),
    "GatherV2, two open axes": (looked_up((1, 0), 2), (None, None, 4, 3)),
    "QuantizeAndDequantizeV2": (quantised("V2", -1.0, 1.5), (None, 5)),
    "QuantizeAndDequantizeV3": (quantised("V3", -2.0, 1.0), (None, 5)),
    "QuantizeAndDequantizeV4": (
        quantised("V4", -1.5, 1.5, narrow_range=True, round_mode="HALF_UP"), (None, 5)
    ),
    "QuantizeAndDequantizeV4, upwards": (quantised("V4", 0.0, 2, signed_input=False), (None, 5)),
    "SegmentMax": (
        lambda x: raw.SegmentMax(data=x, segment_ids=np.int32([0, 0, 2, 3])), (4, 3)
    ),
    "SegmentMin": (
        lambda x: raw.SegmentMin(data=x, segment_ids=np.int64([0, 2, 2, 5])), (4, 3, 2)
    ),
    "ReluGrad": (lambda x: raw.ReluGrad(gradients=x + 1, features=x), (None, 5)),
    "SigmoidGrad": (lambda x: raw.SigmoidGrad(y=tf.sigmoid(x), dy=x + 1), (None, 5)),
    "TanhGrad": (lambda x: raw.TanhGrad(y=tf.tanh(x), dy=x + 1), (None, 5)),
    "BitwiseAnd": (bits(lambda n: tf.bitwise.bitwise_and(n, 7)), (None, 5)),
    "BitwiseAnd of large numbers": (large(lambda n: tf.bitwise.bitwise_and(n, LARGE)), (None, 7)),
    "BitwiseOr": (large(lambda n: tf.bitwise.bitwise_or(n, LARGE)), (None, 7)),
    "BitwiseXor": (large(lambda n: tf.bitwise.bitwise_xor(LARGE, n)), (None, 7)),
    "StridedSlice of numbers": (steps(lambda n: n[:, 1:5:2, ::-1]), (None, 6, 3)),
    "StridedSlice of numbers, of open size": (steps(lambda n: n[::-1, ..., 1::2]), (None, 2, None)),
    "StridedSlice of numbers, backwards to an end": (
        steps(lambda n: n[1:, 0, 4:0:-3]), (None, 2, 5)
    ),
    "StridedSlice of flags": (steps(lambda n: (n > 1)[..., ::-2]), (None, 7)),
    "Invert": (bits(tf.bitwise.invert), (None, 5)),
    **{
        f"{op} by {count}": (
            large(lambda n, op=op, count=count: getattr(raw, op)(x=n, y=count)), (None, 7)
        )
        for op in ("LeftShift", "RightShift")
        for count in (0, 1, 3, 22, 30, 31)
    },
    **{
        f"{op} by {kind} counts": (
            large(lambda n, op=op, counts=counts: getattr(raw, op)(x=n, y=counts(n))), (None, 7)
        )
        for op in ("LeftShift", "RightShift")
        for kind, counts in {
            "several": lambda n: np.int32([0, 4, 15, 16, 17, 31, 8]),
            "computed": lambda n: tf.math.floormod(n + tf.range(7) * 5, 64) - 8,
        }.items()
    },
    "TruncateMod": (bits(lambda n: raw.TruncateMod(x=n, y=np.int32([3, -3, 1, 7, -9]))), (None, 5)),
    "TruncateMod of fractions": (
        lambda x: raw.TruncateMod(x=x * 9, y=np.float32([0.3, -1.7, 2, -2, 5])), (None, 5)
    ),
    "ReverseSequence": (
        lambda x: tf.reverse_sequence(x, np.int64([3, 5]), seq_axis=1, batch_axis=0), (2, 5, 3)
    ),
    "ReverseSequence of open size": (
        lambda x: tf.reverse_sequence(x, tf.range(tf.shape(x)[0]) * 4, 1, 0), (None, None, None)
    ),
    "ReverseSequence, steps first": (
        lambda x: tf.reverse_sequence(x, tf.range(tf.shape(x)[1]) // 2 * 2, 0, 1),
        (4, None, 2),
    ),
    "ReverseSequence of numbers": (
        lambda x: tf.cast(tf.reverse_sequence(tf.cast(x * 8, tf.int32), [0, 1, 2], 1, 0),
                          tf.float32), (3, 4)
    ),
    "DynamicStitch": (
        lambda x: tf.dynamic_stitch([[3, 0], [1], [2, 0]], [x[:2], x[:1] * 2, x[:2] * 3]), (2, 5)
    ),
    "ParallelDynamicStitch": (
        lambda x: raw.ParallelDynamicStitch(indices=[[1], [0, 2]], data=[x[:1], x[1:]]), (3, 5)
    ),
}  # fmt: skip
"""Operator and form -> a function of the input `x`, and the shape of that."""
