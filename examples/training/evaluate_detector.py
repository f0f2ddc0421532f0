"""How well a detector finds the words of rendered pages that it was not trained on.

    python evaluate_detector.py WEIGHTS [--pages 100] [--show FOLDER]

WEIGHTS is what `train_detector.py` writes, or a file of `half_precision.py`. The pages are those
of seeds from 0 on; training begins at a million.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch
from doctr.models.detection.predictor import DetectionPredictor
from doctr.models.preprocessor import PreProcessor
from numpy.typing import NDArray
from pages import fonts
from states import weights_of
from train_detector import ARCHITECTURE, MEAN, STD, rendered

SIDE = 1024
"""What docTR's detectors are given."""

OVERLAP = 0.5
"""From which on a box counts as a word's: area of what both cover, by area of what either does."""

Boxes = NDArray[np.float32]


def overlaps(found: Boxes, wanted: Boxes) -> NDArray[np.float32]:
    """float32[n, m] of float32[n, 4] and float32[m, 4]: left, top, right, bottom."""
    low = np.maximum(found[:, None, :2], wanted[None, :, :2])
    high = np.minimum(found[:, None, 2:], wanted[None, :, 2:])
    both = np.prod(np.maximum(high - low, 0), axis=2)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (found, wanted)]
    return np.asarray(both / (areas[0][:, None] + areas[1][None] - both), np.float32)


def matched(found: Boxes, wanted: Boxes) -> int:
    """Pairs of a box and a word: each in one pair at most, the best pairs first."""
    shares = overlaps(found, wanted)
    count = 0
    while shares.size and shares.max() >= OVERLAP:
        row, column = np.unravel_index(shares.argmax(), shares.shape)
        shares[row, :] = shares[:, column] = 0
        count += 1
    return count


def predictor(weights: Path) -> DetectionPredictor:
    """docTR's own: its preprocessing, its model, its post-processing."""
    model = ARCHITECTURE(pretrained=False, pretrained_backbone=False)
    model.load_state_dict(weights_of(weights))
    size = (SIDE, SIDE)
    before = PreProcessor(
        size, batch_size=1, mean=MEAN, std=STD, preserve_aspect_ratio=True, symmetric_pad=True
    )
    return DetectionPredictor(before, model.eval())


def boxes_of(finder: DetectionPredictor, pixels: NDArray[np.uint8]) -> Boxes:
    """What is found on a page: float32[n, 4], in pixels."""
    height, width = pixels.shape[:2]
    relative = next(iter(finder([pixels])[0].values()))
    return relative[:, :4].astype(np.float32) * np.array([width, height] * 2, np.float32)


def words_of(quads: NDArray[np.float32]) -> Boxes:
    """The straight boxes around words: float32[n, 4, 2] -> float32[n, 4]."""
    return np.concatenate([quads.min(axis=1), quads.max(axis=1)], axis=1)


def main() -> None:
    """Print recall and precision over all words of all pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", type=Path)
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--show", type=Path, help="a folder for the pages with what was found")
    options = parser.parse_args()
    torch.set_num_threads(2)
    finder, names = predictor(options.weights), fonts()
    totals = np.zeros(3, int)
    for seed in range(options.pages):
        pixels, quads = rendered(seed, names)
        found, wanted = boxes_of(finder, pixels), words_of(quads)
        counts = np.array([matched(found, wanted), len(wanted), len(found)])
        totals += counts
        print(f"page {seed}: {counts[0]} of {counts[1]} words, {counts[2]} boxes", flush=True)
        if options.show:
            options.show.mkdir(parents=True, exist_ok=True)
            for boxes, colour in ((wanted, (0, 160, 0)), (found, (220, 0, 0))):
                for left, top, right, bottom in boxes.round().astype(int).tolist():
                    cv2.rectangle(pixels, (left, top), (right, bottom), colour, 1)
            cv2.imwrite(str(options.show / f"{seed}.png"), pixels[:, :, ::-1])
    if not totals[1]:
        raise SystemExit("No page had a word: nothing was measured.")
    print(f"recall {totals[0] / totals[1]:.4f}, precision {totals[0] / max(totals[2], 1):.4f}")


if __name__ == "__main__":
    main()
