"""Folders with the sample weights that ship, as a trainer of torch saves them."""

from __future__ import annotations

from tests.environments import ROOT

SAMPLES = ROOT / "examples" / "weights"


def _sample(name: str, file: str) -> None:
    import safetensors.torch
    import torch

    stored = safetensors.torch.load_file(SAMPLES / f"{name}.fp16.safetensors")
    torch.save({key: value.float() for key, value in stored.items()}, file)


def samples() -> None:
    """`det.pt` and `reco.pt`: db_mobilenet_v3_large and crnn_mobilenet_v3_small, trained."""
    _sample("db_mobilenet_v3_large", "det.pt")
    _sample("crnn_mobilenet_v3_small", "reco.pt")


def recogniser() -> None:
    """`model`, a SavedModel of the sample recogniser that sigfix made, with its card."""
    from tests.cli.running import run

    samples()
    words = ("repair", "--preset", "crnn_mobilenet_v3_small", "--weights", "reco.pt")
    assert run(*words, "-o", "model") == 0
