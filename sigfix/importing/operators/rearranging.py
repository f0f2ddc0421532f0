"""DepthToSpace and SpaceToDepth, as reshape, transpose and reshape.

TensorFlow.js has a kernel for the first only, and a slow one.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from sigfix.importing import layout
from sigfix.importing.operators.registry import Node, onnx_operator


def _static_image(node: Node, x: Any) -> tuple[int, int, int]:
    """Channels, height and width of [N, C, H, W]."""
    if x.shape.rank != 4 or None in x.shape[1:]:
        raise node.refuse("it needs an image of static channels, height and width")
    return x.shape[1], x.shape[2], x.shape[3]


@onnx_operator("DepthToSpace", 1, 11, 13)
def depth_to_space(node: Node, x: Any) -> Any:
    """[N, C, H, W] -> [N, C / b^2, H * b, W * b], blocks first (DCR) or channels first (CRD)."""
    b = int(node.attributes["blocksize"])
    channels, height, width = _static_image(node, x)
    left = channels // (b * b)
    image = layout.channels_last(x)
    if node.text("mode", "DCR") == "DCR":
        blocks = tf.reshape(image, [-1, height, width, b, b, left])
        turned = tf.transpose(blocks, [0, 1, 3, 2, 4, 5])
    else:
        blocks = tf.reshape(image, [-1, height, width, left, b, b])
        turned = tf.transpose(blocks, [0, 1, 4, 2, 5, 3])
    return layout.channels_first(tf.reshape(turned, [-1, height * b, width * b, left]))


@onnx_operator("SpaceToDepth", 1, 13)
def space_to_depth(node: Node, x: Any) -> Any:
    """[N, C, H, W] -> [N, C * b^2, H / b, W / b], blocks first."""
    b = int(node.attributes["blocksize"])
    channels, height, width = _static_image(node, x)
    blocks = tf.reshape(layout.channels_last(x), [-1, height // b, b, width // b, b, channels])
    turned = tf.transpose(blocks, [0, 1, 3, 2, 4, 5])
    return layout.channels_first(
        tf.reshape(turned, [-1, height // b, width // b, b * b * channels])
    )
