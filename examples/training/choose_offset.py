"""Choose how sure a trained detector must be: the offset of its logits that finds words best.

    python choose_offset.py TRAINED.pt OUT.pt [--pages 25]

docTR binarises the map of probabilities at 0.3, whatever a training has led to: where the map is
too wide there, neighbouring words become one box. The offset is added to the last layer's bias, so
the file that is written is a state dictionary as before. It is chosen on pages of their own:
neither those of the training nor those of the evaluation.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from evaluate_detector import boxes_of, matched, predictor, words_of
from pages import fonts
from states import saved, weights_of
from train_detector import rendered

OFFSETS = 0.0, -0.3, -0.6, -0.8, -1.0, -1.2, -1.4
FIRST_SEED = 200_000
BIAS = "prob_head.6.bias"


def main() -> None:
    """Print recall and precision for each offset, and write the weights with the best one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("trained", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--pages", type=int, default=25)
    options = parser.parse_args()
    torch.set_num_threads(2)
    finder, names, weights = predictor(options.trained), fonts(), weights_of(options.trained)
    bias = finder.model.get_parameter(BIAS)
    totals = np.zeros((len(OFFSETS), 3), int)
    for seed in range(FIRST_SEED, FIRST_SEED + options.pages):
        pixels, quads = rendered(seed, names)
        for offset, total in zip(OFFSETS, totals, strict=True):
            with torch.no_grad():
                bias.copy_(weights[BIAS] + offset)
            found, wanted = boxes_of(finder, pixels), words_of(quads)
            total += np.array([matched(found, wanted), len(wanted), len(found)])
    if not totals[0, 1]:
        raise SystemExit("No page had a word: nothing was chosen.")
    # The harmonic mean of recall and precision, which is this share of all words and boxes.
    scores = 2 * totals[:, 0] / (totals[:, 1] + totals[:, 2])
    for offset, (right, words, boxes) in zip(OFFSETS, totals, strict=True):
        print(f"{offset:+.1f}: recall {right / words:.4f}, precision {right / max(boxes, 1):.4f}")
    best = OFFSETS[int(scores.argmax())]
    saved({"model": {**weights, BIAS: weights[BIAS] + best}}, options.out)
    print(f"{options.out}: {best:+.1f}")


if __name__ == "__main__":
    main()
