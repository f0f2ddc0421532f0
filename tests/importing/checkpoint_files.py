"""Checkpoints as trainers leave them: one model's weights in many wrappings."""

from __future__ import annotations

import argparse
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sigfix.errors import UsageError
from sigfix.importing.checkpoints import read_checkpoint
from sigfix.importing.fitting import fit, fit_headers
from sigfix.presets import find_preset
from sigfix.vocabularies import vocabulary_characters

State = dict[str, Any]

SMALL, DIGITS = "crnn_mobilenet_v3_small", "0123456789"


def prefixed(state: State, prefix: str) -> State:
    return {prefix + name: tensor for name, tensor in state.items()}


def wrapped_inside(state: State, part: str, at: int) -> State:
    """`part` between the names' parts, as wrapping one layer of a model leaves it."""
    found = {}
    for name, tensor in state.items():
        parts = name.split(".")
        found[".".join([*parts[:at], part, *parts[at:]]) if len(parts) > at else name] = tensor
    return found


def without_counters(state: State) -> State:
    return {name: tensor for name, tensor in state.items() if "num_batches" not in name}


def optimiser(state: State) -> dict[str, Any]:
    """AdamW's state: moments by the number of the parameter."""
    import torch

    moments = {
        number: {"step": torch.tensor(3.0), "exp_avg": tensor, "exp_avg_sq": tensor}
        for number, tensor in enumerate(state.values())
    }
    return {"state": moments, "param_groups": [{"lr": 1e-3, "params": [*moments]}]}


def moved(state: State) -> State:
    """Weights that are a little different: an average, or another epoch."""
    return {k: t + 1 if t.is_floating_point() else t for k, t in state.items()}


FITTING: dict[str, Callable[[State], Any]] = {
    "plain": lambda s: s,
    "ordered": OrderedDict,
    "data parallel": lambda s: prefixed(s, "module."),
    "compiled": lambda s: prefixed(s, "_orig_mod."),
    "compiled, data parallel": lambda s: prefixed(s, "_orig_mod.module."),
    "data parallel, compiled": lambda s: prefixed(s, "module._orig_mod."),
    "of a trainer's class": lambda s: prefixed(s, "net.encoder."),
    "of a predictor": lambda s: {**prefixed(s, "reco_predictor.model."),
                                 **prefixed({"a.b": s[next(iter(s))]}, "det_predictor.model.")},
    "beside a loss": lambda s: {**prefixed(s, "model."), "loss.weight": s[next(iter(s))]},
    "one layer compiled": lambda s: wrapped_inside(s, "_orig_mod", 1),
    "one layer sharded": lambda s: wrapped_inside(s, "_fsdp_wrapped_module", 2),
    "averaged": lambda s: {**prefixed(s, "module."), "n_averaged": s[next(iter(s))].sum().long()},
    "without counters": without_counters,
    "without counters, data parallel": lambda s: prefixed(without_counters(s), "module."),
    "half": lambda s: {k: t.half() if t.is_floating_point() else t for k, t in s.items()},
    "double": lambda s: {k: t.double() if t.is_floating_point() else t for k, t in s.items()},
    "trainer": lambda s: {"epoch": 3, "model": s, "optimizer": optimiser(s), "val_loss": 0.1},
    "state_dict": lambda s: {"state_dict": s},
    "trainer, data parallel": lambda s: {"epoch": 1, "model": prefixed(s, "module.")},
    "Lightning": lambda s: {"epoch": 3, "state_dict": prefixed(s, "model."),
                            "optimizer_states": [optimiser(s)], "callbacks": {}},
    "average beside": lambda s: {"model_state_dict": s, "ema": moved(s)},
    "average within": lambda s: {"model_state_dict": s, "ema": {"module": moved(s), "n": 3}},
    "twice": lambda s: {"last": s, "best": s},
    "nested": lambda s: {"checkpoint": {"weights": {"recogniser": s}}},
    "two models": lambda s: {"generator": {"a.weight": s[next(iter(s))]}, "reader": s},
    "arguments beside": lambda s: {"model": s, "args": argparse.Namespace(lr=0.1),
                                   "path": Path("runs") / "3"},
}  # fmt: skip
"""How a state dictionary can be wrapped and still be told."""


def numpy_beside(state: State) -> dict[str, Any]:
    import numpy as np

    return {"model": state, "best": np.float64(0.5), "curve": np.arange(3.0)}


def differing(state: State) -> Mapping[str, Any]:
    return {"first": state, "second": moved(state)}


def nothing() -> Iterator[tuple[str, Any]]:
    """Files of PyTorch without a state dictionary, and a word of what is said of each."""
    import torch

    yield "a list", [1, 2]
    yield "a dictionary of epoch, loss", {"epoch": 3, "loss": 0.5}
    yield "a Tensor", torch.zeros(3)
    yield "an empty dictionary", {}
    yield "a dictionary of state, param_groups", optimiser({"a.b": torch.zeros(3)})


def fit_both_ways(path: Path, name: str = SMALL, vocabulary: str = DIGITS) -> Any:
    """How a file fits by PyTorch, having seen that its header says the same."""
    preset = find_preset(name)
    characters = vocabulary_characters(vocabulary) if preset.is_recogniser else ""
    early, by_header = _answer(lambda: fit_headers(path, preset, characters))
    known, fitted = _answer(lambda: fit(read_checkpoint(path), preset, characters))
    if known:
        assert early and by_header is not None
        assert (by_header.preset, by_header.notes) == (fitted.preset, fitted.notes)
        assert [*by_header.state] == [*fitted.state]
        return fitted
    assert not early, "PyTorch alone refuses it"
    words, reasons = str(by_header), str(fitted)
    assert words == reasons or ("not a readable" in words and "not a readable" in reasons)
    assert by_header.hint == fitted.hint
    raise by_header


def _answer(ask: Callable[[], Any]) -> tuple[bool, Any]:
    try:
        return True, ask()
    except UsageError as error:
        return False, error
