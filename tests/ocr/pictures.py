"""Seeded images [height, width, 3] of bytes."""

from __future__ import annotations

import cv2
import numpy as np

Picture = np.ndarray


def noise(seed: int, height: int, width: int) -> Picture:
    """Bytes at random: each pixel counts."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (height, width, 3), np.uint8)


def page(seed: int, height: int = 300, width: int = 240) -> Picture:
    """Grey paper with dark words and some coloured blots."""
    rng = np.random.default_rng(seed)
    image = np.full((height, width, 3), int(rng.integers(200, 256)), np.uint8)
    for _ in range(30):
        place = (int(rng.integers(0, width)), int(rng.integers(8, height)))
        text = "".join(chr(rng.integers(65, 91)) for _ in range(rng.integers(2, 9)))
        ink = tuple(int(value) for value in rng.integers(0, 120, 3))
        cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, ink, 1)
    return image
