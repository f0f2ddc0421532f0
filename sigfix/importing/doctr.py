"""docTR (PyTorch) -> ONNX: build the model, give it weights, export it."""

from __future__ import annotations

import contextlib
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sigfix.errors import MissingExtraError, UsageError, WeightsUnavailableError
from sigfix.extras import install_command
from sigfix.importing.checkpoints import read_checkpoint
from sigfix.importing.doctr_models import construct, merged, quiet
from sigfix.importing.fitting import Fitted, fit, fit_headers
from sigfix.importing.random_weights import calibrate, moderate, randomise
from sigfix.importing.tensor_names import differences
from sigfix.option_names import USUAL, OptionNames
from sigfix.presets import PRETRAINED, RANDOM, Preset
from sigfix.vocabularies import preset_characters


@dataclass(frozen=True)
class DoctrModel:
    """A docTR model in inference mode, with its vocabulary and where its weights came from.

    `preset` is the one asked for, with the sizes that the weights tell. `notes` say what was done
    to make them fit.
    """

    module: Any
    vocabulary: str
    weights: str
    preset: Preset
    notes: tuple[str, ...] = ()


def build_model(
    preset: Preset, weights: str = PRETRAINED, seed: int = 0, vocabulary: str | None = None,
    names: OptionNames = USUAL,
) -> DoctrModel:  # fmt: skip
    """The preset's model with `weights`: "pretrained", "random" or a checkpoint file.

    `vocabulary` is the name of one of docTR's vocabularies, or the characters themselves; the
    preset's by default. Random weights depend on `seed` alone. `names` are for messages.

    Raises `MissingExtraError` without docTR, `WeightsUnavailableError` where pretrained weights
    cannot be fetched, `UsageError` where a checkpoint does not fit.
    """
    characters = preset_characters(preset, vocabulary)
    if weights not in (PRETRAINED, RANDOM):
        fit_headers(Path(weights), preset, characters, names)  # what does not fit is refused by now
    with quiet():
        try:
            import torch
        except ImportError as error:
            raise MissingExtraError("--preset", "doctr", str(error)) from error
        if weights not in (PRETRAINED, RANDOM):
            return _from_checkpoint(Path(weights), preset, characters, names)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            module = construct(preset, characters)
            if weights == RANDOM:
                randomise(module)
                calibrate(module, preset)
                if preset.is_detector:
                    moderate(module, preset)
        if weights == PRETRAINED:
            _fetch_pretrained(module, preset, characters, names)
    origin = f"random, seed {seed}" if weights == RANDOM else PRETRAINED
    return DoctrModel(module.eval(), characters, origin, preset)


def fit_weights(preset: Preset, file: str, vocabulary: str | None = None) -> Fitted:
    """How a checkpoint fits the preset; nothing is built. Raises what `build_model` raises."""
    characters = preset_characters(preset, vocabulary)
    fitted = fit_headers(Path(file), preset, characters)
    if fitted is not None:
        return fitted
    with quiet():
        return fit(read_checkpoint(Path(file)), preset, characters)


def _from_checkpoint(path: Path, preset: Preset, characters: str, names: OptionNames) -> DoctrModel:
    fitted = fit(read_checkpoint(path, names), preset, characters)
    module = construct(fitted.preset, characters)
    module = merged(module) if fitted.is_merged else module
    shapes = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    wrong = differences(fitted.state, shapes)
    if wrong:  # the table is of another docTR than the one that is installed
        raise UsageError(
            f"the {preset.name} of the docTR that is installed has other tensors than sigfix "
            f"knows: {'; '.join(wrong[:3])}.",
            install_command("doctr"),
        )
    module.load_state_dict(fitted.state, strict=False)  # counters may be missing; see `fit`
    return DoctrModel(module.eval(), characters, path.name, fitted.preset, fitted.notes)


def _fetch_pretrained(module: Any, preset: Preset, characters: str, names: OptionNames) -> None:
    from doctr.datasets import VOCABS

    if preset.is_recogniser and characters != VOCABS[preset.vocabulary]:
        raise UsageError(
            f"docTR's pretrained weights of {preset.name} are for its {preset.vocabulary} "
            "vocabulary, not for the one given with --vocab.",
            f"leave --vocab out, or {names.weights} FILE with weights that were trained for it",
        )
    url = str(module.cfg["url"])
    file_name = url.rpartition("/")[-1].split("&")[0]  # as docTR names it in its cache
    cache = Path(os.environ.get("DOCTR_CACHE_DIR", "~/.cache/doctr")).expanduser()
    target = cache / "models" / file_name
    created = [p for p in (target, target.parent, cache, cache.parent) if not p.exists()]
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # docTR prints what it downloads
            module.from_pretrained(url)
    except Exception as error:  # docTR lets urllib, socket, hash and pickle errors through
        for path in created:  # docTR leaves an empty file behind
            with contextlib.suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        reason = str(getattr(error, "reason", None) or error)
        raise WeightsUnavailableError(
            f"the pretrained weights {file_name} of {preset.name} could not be fetched from {url} "
            f"({reason}).",
            url,
            file_name,
            names.weights,
        ) from error


def export_onnx(model: DoctrModel, preset: Preset, path: Path) -> None:
    """Write `path` (.onnx) with input `input` [batch, 3, H, W] and output `logits`."""
    with quiet():
        import torch
        from doctr.models.utils import export_model_to_onnx

        from sigfix.importing.exportable import as_exported

        example = torch.zeros(1, 3, preset.height, preset.width)
        export_model_to_onnx(
            as_exported(model.module),
            str(path.with_suffix("")),
            dummy_input=example,
            opset_version=preset.opset,
        )


def run(model: DoctrModel, images: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The model's logits for float32 images [batch, 3, H, W], computed by PyTorch."""
    with quiet():
        import torch

        with torch.inference_mode():
            result = model.module(torch.from_numpy(images))
    logits = result["logits"] if isinstance(result, dict) else result  # a classifier's is bare
    return np.asarray(logits.numpy())
