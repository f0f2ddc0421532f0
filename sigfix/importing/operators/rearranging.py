"""DepthToSpace and SpaceToDepth as reshape, transpose and reshape, and ReverseSequence as a gather.

TensorFlow.js has a kernel for the first only, and a slow one.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.open_sizes import reshaped, sizes_of
from sigfix.importing.operators.registry import Node, onnx_operator

AXES = ("batch", "time")


def _image(node: Node, x: Any) -> tuple[Any, int, Any, Any]:
    """Batch, channels, height and width of [N, C, H, W]; the channels are static."""
    if x.shape.rank != 4:
        raise node.refuse("it needs an image")
    batch, channels, height, width = sizes_of(x)
    return batch, channels, height, width


@onnx_operator("DepthToSpace", 1, 11, 13)
def depth_to_space(node: Node, x: Any) -> Any:
    """[N, C, H, W] -> [N, C / b^2, H * b, W * b], blocks first (DCR) or channels first (CRD)."""
    b = int(node.attributes["blocksize"])
    batch, channels, height, width = _image(node, x)
    left = channels // (b * b)
    image = layout.channels_last(x)
    if node.text("mode", "DCR") == "DCR":
        blocks = reshaped(image, [batch, height, width, b, b, left])
        turned = tf.transpose(blocks, [0, 1, 3, 2, 4, 5])
    else:
        blocks = reshaped(image, [batch, height, width, left, b, b])
        turned = tf.transpose(blocks, [0, 1, 4, 2, 5, 3])
    return layout.channels_first(reshaped(turned, [batch, height * b, width * b, left]))


@onnx_operator("SpaceToDepth", 1, 13)
def space_to_depth(node: Node, x: Any) -> Any:
    """[N, C, H, W] -> [N, C * b^2, H / b, W / b], blocks first."""
    b = int(node.attributes["blocksize"])
    batch, channels, height, width = _image(node, x)
    rows, columns = height // b, width // b
    blocks = reshaped(layout.channels_last(x), [batch, rows, b, columns, b, channels])
    turned = tf.transpose(blocks, [0, 1, 3, 2, 4, 5])
    return layout.channels_first(reshaped(turned, [batch, rows, columns, b * b * channels]))


@onnx_operator("ReverseSequence", 10)
def reverse_sequence(node: Node, x: Any, lengths: Any) -> Any:
    """The first steps of each example turned round, as many as it has; the rest stays."""
    batch, time = (int(node.attributes.get(f"{name}_axis", name == "batch")) for name in AXES)
    if {batch, time} != {0, 1}:
        raise node.refuse("its axes are the first two")
    order = [1, 0, *range(2, x.shape.rank)] if batch else list(range(x.shape.rank))
    rows = tf.transpose(tf.cast(x, tf.int32) if x.dtype == tf.bool else x, order)
    step = tf.range(sizes_of(rows)[1])[None]
    length = tf.cast(lengths, tf.int32)[:, None]
    places = tf.where(step < length, length - 1 - step, step)
    found = tf.transpose(tf.gather(rows, places, axis=1, batch_dims=1), order)
    return tf.cast(found, tf.bool) if x.dtype == tf.bool else found
