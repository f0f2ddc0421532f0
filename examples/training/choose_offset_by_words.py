"""Choose how sure a detector must be by what a recogniser then reads right.

    python choose_offset_by_words.py DETECTOR.safetensors RECOGNISER.safetensors OUT.safetensors

`choose_offset.py` counts boxes: a narrow one that cuts a letter off is as good as any. Here
whole pages are read, by docTR's own predictor. The pages are of seeds of their own, as there.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from choose_offset import BIAS, FIRST_SEED
from doctr.models import ocr_predictor
from evaluate_detector import matched
from safetensors.torch import load_file, save_file
from sheets import sheet
from states import weights_of
from train_detector import ARCHITECTURE as DETECTOR
from train_recogniser import ARCHITECTURE as RECOGNISER

OFFSETS = -0.3, 0.0, 0.2, 0.3, 0.45, 0.6
WORDS = 60, 120
"""On a page: sparser ones tell little, fuller ones take long."""
SIDES = 700, 1040


def main() -> None:
    """Print the words read right for each offset, and write the weights with the best one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("detector", type=Path)
    parser.add_argument("recogniser", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--pages", type=int, default=25)
    options = parser.parse_args()
    models = []
    for build, file in ((DETECTOR, options.detector), (RECOGNISER, options.recogniser)):
        model = build(pretrained=False, pretrained_backbone=False)
        # Counters of batches, which half precision leaves out, belong to training.
        model.load_state_dict(weights_of(file), strict=False)
        models.append(model.eval())
    reader = ocr_predictor(*models, pretrained=False)
    bias = models[0].get_parameter(BIAS)
    first = bias.detach().clone()
    right, total = np.zeros(len(OFFSETS), int), 0
    for pixels, boxes, texts in _pages(options.pages):
        total += len(texts)
        for number, offset in enumerate(OFFSETS):
            with torch.no_grad():
                bias.copy_(first + offset)
            right[number] += _right(reader, pixels, boxes, texts)
    for offset, count in zip(OFFSETS, right, strict=True):
        print(f"{offset:+.2f}: {count} of {total} words")
    best = OFFSETS[int(right.argmax())]
    stored = load_file(options.detector)
    save_file({**stored, BIAS: (first + best).to(stored[BIAS].dtype)}, options.out)
    print(f"{options.out}: {best:+.2f}")


def _pages(count: int):
    """Pixels, boxes and texts of so many pages of about that many words."""
    seed = FIRST_SEED
    while count:
        written, picture = sheet(seed, SIDES)
        if WORDS[0] <= len(written.texts) <= WORDS[1]:
            yield np.asarray(picture), np.asarray(written.boxes, np.float32), written.texts
            count -= 1
        seed += 1


def _right(reader, pixels, boxes, texts) -> int:
    """Words whose box is found and whose text is read: one box counts once, for its text."""
    high, wide = pixels.shape[:2]
    (read,) = reader([pixels]).pages
    words = [word for block in read.blocks for line in block.lines for word in line.words]
    scale = np.array([wide, high] * 2, np.float32)
    count = 0
    for text in set(texts):
        found = [np.ravel(word.geometry) * scale for word in words if word.value == text]
        wanted = [box for box, own in zip(boxes, texts, strict=True) if own == text]
        count += matched(np.array(found, np.float32).reshape(-1, 4), np.array(wanted))
    return count


if __name__ == "__main__":
    main()
