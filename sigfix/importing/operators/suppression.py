"""NonMaxSuppression: TensorFlow's operator for each image and class, whose results are joined."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from sigfix.importing.operators.registry import Node, onnx_operator
from sigfix.importing.static_values import as_array

MOST = 1000
"""Images times classes: each is an operator of its own."""
LEAST_OVERLAP = 1e-30
"""TF.js leaves out boxes that overlap by this much *or more*: by 0, which ONNX allows, all do."""


@onnx_operator("NonMaxSuppression", 10, 11)
def suppress(
    node: Node,
    boxes: Any,
    scores: Any,
    largest: Any = None,
    overlap: Any = None,
    least: Any = None,
) -> Any:
    """[B, N, 4], [B, C, N] -> [selected, 3]: image, class and box, the best of each class first.

    Scores have to be above `least`; a box goes that shares more than `overlap` of the union with a
    better one. Both batch and classes must be static.
    """
    batch, classes = scores.shape[:2]  # static: `preflight_sizes.py`
    batch = boxes.shape[0] if batch is None else batch
    if batch * classes > MOST:
        raise node.refuse(
            f"its number of images, {batch}, times that of classes, {classes}, is above {MOST}"
        )
    count = 0 if largest is None else as_array(largest)
    if count is None:
        count = tf.cast(tf.reshape(largest, []), tf.int32)
    elif np.all(np.asarray(count) <= 0):
        return tf.zeros([0, 3], tf.int64)
    else:
        count = tf.constant(int(min(np.reshape(count, -1)[0], 2**31 - 1)), tf.int32)
    iou = tf.maximum(_scalar(overlap, 0.0), LEAST_OVERLAP)
    above = _scalar(least, -np.inf)
    if node.attributes.get("center_point_box", 0):
        x, y, width, height = tf.split(boxes, 4, axis=2)
        parts = [y - height / 2, x - width / 2, y + height / 2, x + width / 2]
        boxes = tf.concat(parts, axis=2)
    rows = []
    of_images = [boxes] if batch == 1 else tf.split(boxes, batch, axis=0)
    of_classes = tf.unstack(tf.reshape(scores, [batch * classes, -1]), axis=0)
    for image, kept in enumerate(of_images):
        corners = tf.squeeze(kept, [0])
        for kind in range(classes):
            chosen = tf.raw_ops.NonMaxSuppressionV3(
                boxes=corners,
                scores=of_classes[image * classes + kind],
                max_output_size=count,
                iou_threshold=iou,
                score_threshold=above,
            )
            place = np.array([image, kind, 0], np.int32)
            rows.append(tf.expand_dims(chosen, 1) * np.array([0, 0, 1], np.int32) + place)
    return tf.cast(tf.concat(rows, axis=0), tf.int64)


def _scalar(value: Any, default: float) -> Any:
    """An optional input [1], as a float32 scalar."""
    if value is None:
        return tf.constant(default, tf.float32)
    known = as_array(value)
    if known is None:
        return tf.reshape(value, [])
    return tf.constant(known.reshape(-1)[0] if known.size else default, tf.float32)
