"""What a detector is taught to say of a page: maps of its words."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SHRINK = 0.4
"""Of a word's area, what the map keeps: docTR's DBNet.shrink_ratio."""

THRESHOLDS = 0.3, 0.7


def maps(quads: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """float32[4, side, side]: shrunk words, where that counts, thresholds, where those count.

    The target of "Real-time Scene Text Detection with Differentiable Binarization"
    (https://arxiv.org/abs/1911.08947), for words that are rectangles: shrinking one by d takes d
    from each side, and the distance to its outline has a closed form. A pixel that the shrunk
    outline crosses belongs to it, as docTR draws it.
    """
    found = np.zeros((4, side, side), np.float32)
    found[1] = 1
    for quad in quads:
        across, down = quad[1] - quad[0], quad[3] - quad[0]
        width, height = float(np.hypot(*across)), float(np.hypot(*down))
        if min(width, height) < 3:
            cv2.fillPoly(found[1], [quad.round().astype(np.int32)], 0)
            continue
        distance = width * height * (1 - SHRINK**2) / (2 * (width + height))
        low = np.floor(quad.min(axis=0) - distance).astype(int).clip(0, side)
        high = np.ceil(quad.max(axis=0) + distance + 1).astype(int).clip(0, side)
        if (high <= low).any():
            continue
        ys, xs = np.mgrid[low[1] : high[1], low[0] : high[0]].astype(np.float32)
        right = ((xs - quad[0][0]) * across[0] + (ys - quad[0][1]) * across[1]) / width
        below = ((xs - quad[0][0]) * down[0] + (ys - quad[0][1]) * down[1]) / height
        # How far inside the rectangle: negative outside of it.
        inside = np.minimum(np.minimum(right, width - right), np.minimum(below, height - below))
        outside = np.hypot(
            np.maximum(np.maximum(-right, right - width), 0),
            np.maximum(np.maximum(-below, below - height), 0),
        )
        away = np.where(inside >= 0, inside, outside)
        window = np.s_[low[1] : high[1], low[0] : high[0]]
        found[0][window] = np.maximum(found[0][window], inside >= distance - 0.5)
        near = away <= distance
        found[2][window] = np.maximum(found[2][window], np.where(near, 1 - away / distance, 0))
        found[3][window] = np.maximum(found[3][window], (inside >= 0) | near)
    found[2] = found[2] * (THRESHOLDS[1] - THRESHOLDS[0]) + THRESHOLDS[0]
    return found
