"""Train docTR's db_mobilenet_v3_large on rendered pages: nothing is downloaded, two cores will do.

    python train_detector.py OUT.pt --hours 3 [--from WEIGHTS.safetensors]

It goes on from OUT.pt where that is there, and otherwise from WEIGHTS if any are given. Needs
Debian's wamerican, wfrench and the fonts that `pages.py` names.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from doctr.models import detection
from numpy.typing import NDArray
from pages import corners, fonts, page
from paper import spoiled, turned
from states import keep, rate, resumed
from targets import maps
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

ARCHITECTURE = detection.db_mobilenet_v3_large

MEAN, STD = (0.798, 0.785, 0.772), (0.264, 0.2749, 0.287)
"""What docTR's detectors are given: its own default configuration."""

SIDE, CROPS, BATCH = 352, 4, 4
LEARNING_RATE = 1.2e-3
GOING_ON = 3e-4
"""The rate of a training that begins with weights."""

Sample = tuple[NDArray[np.float32], NDArray[np.float32]]


def rendered(seed: int, names: list[str]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """uint8[h, w, 3] and the corners of its words (float32[n, 4, 2], pixels)."""
    chance = random.Random(seed)
    size = chance.randint(620, 1040), chance.randint(620, 1040)
    written = page(seed, size, names)
    image, quads = written.image, corners(written.boxes)
    if chance.random() < 0.4:
        image, quads = turned(image, quads, chance.gauss(0, 1.5))
    return np.array(spoiled(image, chance)), quads


def crops(seed: int, names: list[str]) -> Iterator[Sample]:
    """float32[3, SIDE, SIDE] in 0 to 1, and its maps: pieces of one page, at one scale."""
    chance = random.Random(seed)
    pixels, quads = rendered(seed, names)
    scale = math.exp(chance.uniform(math.log(0.7), math.log(1.7)))
    pixels = cv2.resize(
        pixels,
        None,
        fx=scale,
        fy=scale,
        interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR,
    )
    quads = quads * scale
    height, width = pixels.shape[:2]
    for _ in range(CROPS):
        # Beyond the page there is black, as docTR pads.
        x, y = (
            chance.randint(-SIDE // 6, max(extent - SIDE, 0) + SIDE // 6)
            for extent in (width, height)
        )
        piece = np.zeros((SIDE, SIDE, 3), np.float32)
        left, top, right, bottom = max(x, 0), max(y, 0), min(x + SIDE, width), min(y + SIDE, height)
        piece[top - y : bottom - y, left - x : right - x] = pixels[
            top:bottom, left:right
        ] / np.float32(255)
        shifted = quads - np.array([x, y], np.float32)
        near = (shifted.max(axis=1) > 0).all(axis=1) & (shifted.min(axis=1) < SIDE).all(axis=1)
        yield piece.transpose(2, 0, 1), maps(shifted[near], SIDE)


class Crops(IterableDataset[Sample]):
    """Pieces of pages without end, mixed over a few pages."""

    def __init__(self, first: int) -> None:
        self.first = first

    def __iter__(self) -> Iterator[Sample]:
        info = get_worker_info()
        number, step = (info.id, info.num_workers) if info else (0, 1)
        names, waiting = fonts(), []
        chance = random.Random(number)
        for seed in range(self.first + number, 1 << 62, step):
            waiting.extend(crops(seed, names))
            while len(waiting) > 24:
                yield waiting.pop(chance.randrange(len(waiting)))


def loss_of(logits: torch.Tensor, thresholds: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The paper's loss, with docTR's weights: cross-entropy (focal), dice of the binary map, L1."""
    shrunk, counts, wanted, around = (target[:, index : index + 1] for index in range(4))
    found, limit = torch.sigmoid(logits), torch.sigmoid(thresholds)
    entropy = functional.binary_cross_entropy_with_logits(logits, shrunk, reduction="none")
    right = found * shrunk + (1 - found) * (1 - shrunk)
    focal = (0.5 * (1 - right) ** 2 * entropy * counts).sum() / counts.sum()
    binary = torch.sigmoid(50 * (found - limit))
    common = (counts * binary * shrunk).sum()
    dice = 1 - 2 * common / ((counts * (binary + shrunk)).sum() + 1e-6)
    plain = (entropy * counts).sum() / counts.sum()
    absolute = ((limit - wanted).abs() * around).sum() / (around.sum() + 1e-6)
    total: torch.Tensor = absolute + 10 * focal + dice + plain
    return total


def normalised(pixels: torch.Tensor) -> torch.Tensor:
    """float32[n, 3, h, w] as the model takes them."""
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
    return (pixels - mean) / std


def main() -> None:
    """Train, from what is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--from", type=Path, dest="start", help="weights to begin with")
    parser.add_argument("--hours", type=float, default=3.0)
    parser.add_argument("--steps", type=int, default=9000, help="of the whole training")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--bfloat16",
        action="store_true",
        help="for the network's products: faster where the processor has them",
    )
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    model = ARCHITECTURE(pretrained=False, pretrained_backbone=False)
    model = model.to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=1e-4)
    done = resumed(options.out, model, optimiser, options.start)
    # Pages of another seed each time it goes on: those behind are not rendered again.
    loader = iter(DataLoader(Crops(1_000_000 + done * 4), BATCH, num_workers=1, prefetch_factor=8))
    whole = GOING_ON if options.start else LEARNING_RATE
    start, mean = time.time(), 0.0
    while time.time() - start < options.hours * 3600 and done < options.steps:
        pixels, target = next(loader)
        for group in optimiser.param_groups:
            group["lr"] = rate(whole, done, options.steps)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.bfloat16):
            features = model.feat_extractor(
                normalised(pixels).contiguous(memory_format=torch.channels_last)
            )
            joined = model.fpn([features[str(index)] for index in range(len(features))])
            logits, thresholds = model.prob_head(joined), model.thresh_head(joined)
        loss = loss_of(logits.float(), thresholds.float(), target)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        done += 1
        mean = loss.item() if done == 1 or not mean else 0.98 * mean + 0.02 * loss.item()
        if done % 25 == 0:
            print(
                f"{done} of {options.steps}, {time.time() - start:.0f} s, loss {mean:.3f}",
                flush=True,
            )
        if done % 100 == 0:
            keep(options.out, model, optimiser, done)
    keep(options.out, model, optimiser, done)


if __name__ == "__main__":
    main()
