"""Seeded maps of probabilities, as a detector gives them: text at angles, blurred, noisy."""

from __future__ import annotations

import cv2
import numpy as np

Map = np.ndarray


def probability_map(seed: int, height: int, width: int) -> Map:
    """A map [height, width]: straight words, words at all angles, or blots of noise, in turns."""
    rng = np.random.default_rng(seed)
    if seed % 3 == 2:
        noise = rng.random((height, width)).astype(np.float32)
        blurred = cv2.GaussianBlur(noise, (0, 0), float(rng.uniform(1.5, 4)))
        return ((blurred - blurred.min()) / (blurred.max() - blurred.min())) ** 2
    found = np.zeros((height, width), np.float32)
    for _ in range(int(rng.integers(5, 40))):
        centre = (rng.uniform(0, width), rng.uniform(0, height))
        size = (rng.uniform(3, max(width / 5, 6)), rng.uniform(2, max(height / 20, 4)))
        angle = 0.0 if seed % 3 == 0 else float(rng.uniform(-90, 90))
        word = np.zeros_like(found)
        corners = cv2.boxPoints((centre, size, angle))
        cv2.fillPoly(word, [np.round(corners).astype(np.int32)], float(rng.uniform(0.05, 1)))
        found = np.maximum(found, word)
    found = cv2.GaussianBlur(found, (0, 0), float(rng.uniform(0.3, 1.5)))
    noisy = found + rng.normal(0, 0.03, found.shape)
    return np.clip(noisy, 0, 1).astype(np.float32)


SIZES = ((256, 256), (192, 320), (96, 96), (320, 192))


def some_maps(count: int) -> list[Map]:
    """`count` maps of several sizes."""
    return [probability_map(seed, *SIZES[seed % len(SIZES)]) for seed in range(count)]
