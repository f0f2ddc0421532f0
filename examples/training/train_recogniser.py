"""Teach docTR's crnn_mobilenet_v3_small to read words cut out of rendered pages.

    python train_recogniser.py OUT.pt --hours 2 [--from WEIGHTS.safetensors]

It goes on from OUT.pt where that is there, and otherwise from WEIGHTS if any are given. Needs
what `train_detector.py` needs.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from crops import VOCAB, Crop, words
from doctr.models import recognition
from pages import fonts
from states import keep, rate, resumed
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

ARCHITECTURE = recognition.crnn_mobilenet_v3_small

MEAN, STD = (0.694, 0.695, 0.693), (0.299, 0.296, 0.301)
"""What docTR's recognisers are given: its own default configuration."""

BATCH = 64
LEARNING_RATE = 1e-3
GOING_ON = 4e-4
"""The rate of a training that begins with weights."""
WAITING = 1500
"""Words that are mixed: those of about twenty pages."""
TRIED = 1000


class Words(IterableDataset[Crop]):
    """Words without end, mixed over pages."""

    def __init__(self, first: int) -> None:
        self.first = first

    def __iter__(self) -> Iterator[Crop]:
        torch.set_num_threads(1)
        info = get_worker_info()
        number, step = (info.id, info.num_workers) if info else (0, 1)
        names, chance = fonts(), random.Random(number)
        waiting: list[Crop] = []
        for seed in range(self.first + number, 1 << 62, step):
            waiting.extend(words(seed, names))
            while len(waiting) > WAITING:
                place = chance.randrange(len(waiting))
                waiting[place], waiting[-1] = waiting[-1], waiting[place]
                yield waiting.pop()


def together(some: list[Crop]) -> tuple[torch.Tensor, list[str]]:
    """A batch as the model takes it: float32[n, 3, 32, 128], normalised, and its texts."""
    pixels = torch.stack([crop for crop, _ in some]).float() / 255
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
    return ((pixels - mean) / std).contiguous(memory_format=torch.channels_last), [
        text for _, text in some
    ]


def held_out(names: list[str]) -> list[Crop]:
    """Words of pages that are not trained on."""
    found: list[Crop] = []
    seed = 300_000
    while len(found) < TRIED:
        found.extend(words(seed, names)[:25])
        seed += 1
    return found[:TRIED]


def read_right(model: torch.nn.Module, tried: list[Crop]) -> float:
    """The part of the words that is read without a mistake."""
    model.eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(tried), 100):
            pixels, texts = together(tried[start : start + 100])
            read = model(pixels, return_preds=True)["preds"]
            right += sum(found == wanted for (found, _), wanted in zip(read, texts, strict=True))
    model.train()
    return right / len(tried)


def main() -> None:
    """Train, from what is there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--from", type=Path, dest="start", help="weights to begin with")
    parser.add_argument("--hours", type=float, default=2.0)
    parser.add_argument("--steps", type=int, default=16000, help="of the whole training")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    model = ARCHITECTURE(pretrained=False, pretrained_backbone=False, vocab=VOCAB)
    model = model.to(memory_format=torch.channels_last).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=1e-4)
    done = resumed(options.out, model, optimiser, options.start)
    tried = held_out(fonts())
    # Pages of another seed each time it goes on: those behind are not rendered again.
    loader = iter(
        DataLoader(
            Words(2_000_000 + done * 2),
            BATCH,
            collate_fn=together,
            num_workers=1,
            prefetch_factor=8,
        )
    )
    whole = GOING_ON if options.start else LEARNING_RATE
    start, mean = time.time(), 0.0
    while time.time() - start < options.hours * 3600 and done < options.steps:
        pixels, texts = next(loader)
        for group in optimiser.param_groups:
            group["lr"] = rate(whole, done, options.steps)
        loss = model(pixels, texts)["loss"]
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        done += 1
        mean = loss.item() if not mean else 0.98 * mean + 0.02 * loss.item()
        if done % 100 == 0:
            seconds = time.time() - start
            print(f"{done} of {options.steps}, {seconds:.0f} s, loss {mean:.4f}", flush=True)
        if done % 500 == 0 or done == options.steps:
            print(f"{done}: {read_right(model, tried):.3f} of {len(tried)} words", flush=True)
            keep(options.out, model, optimiser, done)
    print(f"{done}: {read_right(model, tried):.3f} of {len(tried)} words", flush=True)
    keep(options.out, model, optimiser, done)


if __name__ == "__main__":
    main()
