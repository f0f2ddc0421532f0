"""docTR (PyTorch) -> ONNX: build the model, give it weights, export it."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sigfix.errors import MissingExtraError, UsageError, WeightsUnavailableError
from sigfix.presets import DETECTION, ORIENTATION, PRETRAINED, RANDOM, RECOGNITION, Preset
from sigfix.vocabularies import preset_characters

CALIBRATION_SIDE = 256
LOGIT_SIZE = 3.0
"""Root mean square."""


@dataclass(frozen=True)
class DoctrModel:
    """A docTR model in inference mode, with its vocabulary and where its weights came from."""

    module: Any
    vocabulary: str
    weights: str


def build_model(
    preset: Preset, weights: str = PRETRAINED, seed: int = 0, vocabulary: str | None = None
) -> DoctrModel:
    """The preset's model with `weights`: "pretrained", "random" or a checkpoint file.

    `vocabulary` is the name of one of docTR's vocabularies, or the characters themselves; the
    preset's by default. Random weights depend on `seed` alone.

    Raises `MissingExtraError` without docTR, `WeightsUnavailableError` where pretrained weights
    cannot be fetched, `UsageError` where a checkpoint does not fit.
    """
    with quiet():
        try:
            import torch
            from doctr.models import classification, detection, recognition
        except ImportError as error:
            raise MissingExtraError("--preset", "doctr", str(error)) from error
        characters = preset_characters(preset, vocabulary)
        build = {RECOGNITION: recognition, DETECTION: detection, ORIENTATION: classification}
        own: dict[str, Any] = {}
        if preset.task != ORIENTATION:
            own = {"pretrained_backbone": False, "exportable": True}
        if preset.is_recogniser:
            own["vocab"] = characters
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            module = getattr(build[preset.task], preset.name)(pretrained=False, **own).eval()
            if weights == RANDOM:
                randomise(module)
                calibrate(module, preset)
                if preset.is_detector:
                    moderate(module, preset)
        if weights == PRETRAINED:
            _fetch_pretrained(module, preset, characters)
        elif weights != RANDOM:
            _load_checkpoint(module, Path(weights), characters, preset)
    return DoctrModel(module.eval(), characters, _origin(weights, seed))


def _origin(weights: str, seed: int) -> str:
    if weights == RANDOM:
        return f"random, seed {seed}"
    return PRETRAINED if weights == PRETRAINED else Path(weights).name


def randomise(module: Any) -> None:
    """Give batch norms scales and shifts, and every other bias a value.

    A freshly initialised model is not a realistic one: its batch norms are identities and its
    biases zero, and whoever optimises the graph removes both.
    """
    import torch

    for part in module.modules():
        if isinstance(part, torch.nn.modules.batchnorm._BatchNorm):
            part.weight.data.uniform_(0.8, 1.2)
            part.bias.data.normal_(0, 0.1)
        elif isinstance(getattr(part, "bias", None), torch.nn.Parameter):
            part.bias.data.normal_(0, 0.05)


def calibrate(module: Any, preset: Preset) -> None:
    """Set the statistics of batch norms to those of random images, as training would.

    Without it values grow from layer to layer: some random models end at 1e11, where a sigmoid
    is 0 or 1 whatever happens before it.
    """
    import torch

    norms = [m for m in module.modules() if isinstance(m, torch.nn.modules.batchnorm._BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain average of what is seen
        norm.train()
    with torch.inference_mode():
        module(torch.randn(4, *_calibration_image(preset)))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()


def moderate(module: Any, preset: Preset) -> None:
    """Scale a detector's last convolution so that its logits are of `LOGIT_SIZE` on noise in 0..1.

    Trained ones are about that large. Where random ones reach hundreds, the sigmoid is 0 or 1
    almost everywhere, which hides differences, and between them as steep as a step.
    """
    import torch

    run: list[Any] = []
    kinds = (torch.nn.Conv2d, torch.nn.ConvTranspose2d)
    convolutions = [part for part in module.modules() if isinstance(part, kinds)]
    hooks = [part.register_forward_hook(lambda it, *_: run.append(it)) for part in convolutions]
    with torch.inference_mode():
        size = (
            module(torch.rand(1, *_calibration_image(preset)))["logits"]
            .square()
            .mean()
            .sqrt()
            .item()
        )
    for hook in hooks:
        hook.remove()
    if size > LOGIT_SIZE:
        for values in run[-1].parameters():
            values.data.mul_(LOGIT_SIZE / size)


def _calibration_image(preset: Preset) -> tuple[int, int, int]:
    """Channels, height and width of the images that random weights are adjusted on."""
    return 3, min(preset.height, CALIBRATION_SIDE), min(preset.width, CALIBRATION_SIDE)


def _fetch_pretrained(module: Any, preset: Preset, characters: str) -> None:
    from doctr.datasets import VOCABS

    if preset.is_recogniser and characters != VOCABS[preset.vocabulary]:
        raise UsageError(
            f"docTR's pretrained weights of {preset.name} are for its {preset.vocabulary} "
            "vocabulary, not for the one given with --vocab.",
            f"sigfix repair --preset {preset.name} --weights FILE --vocab ...",
        )
    url = str(module.cfg["url"])
    file_name = url.rpartition("/")[-1].split("&")[0]  # as docTR names it in its cache
    cache = Path(os.environ.get("DOCTR_CACHE_DIR", Path.home() / ".cache" / "doctr"))
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
            f"the pretrained weights {file_name.rpartition('/')[-1]} of {preset.name} "
            f"could not be fetched ({reason}).",
            f"sigfix repair --preset {preset.name} --weights FILE   (a docTR checkpoint on "
            "this machine), or --weights random to try the tool without any",
        ) from error


def _load_checkpoint(module: Any, path: Path, characters: str, preset: Preset) -> None:
    state = read_checkpoint(path)
    expected = module.state_dict()
    wrong = [
        f"{name}: expected {tuple(tensor.shape)}, found "
        + (str(tuple(state[name].shape)) if name in state else "nothing")
        for name, tensor in expected.items()
        if name not in state or state[name].shape != tensor.shape
    ]
    surplus = [name for name in state if name not in expected]
    if not wrong and not surplus:
        module.load_state_dict(state)
        return
    head = [w for w in wrong if preset.head and w.startswith(f"{preset.head}.")]
    if head and len(head) == len(wrong):
        raise UsageError(
            f"the weights in {path} were trained for another vocabulary. The model ends in "
            f"{len(characters) + preset.extra_classes} classes ({len(characters)} characters "
            f"and {preset.extra_classes} more); {head[0]}.",
            "--vocab NAME (one of docTR's vocabularies) or --vocab CHARACTERS",
        )
    detail = "; ".join((wrong + [f"{name}: not part of the model" for name in surplus])[:3])
    raise UsageError(
        f"the weights in {path} are not a checkpoint of {preset.name}: {detail} "
        f"({len(wrong) + len(surplus)} differences in all).",
        "check --preset and --weights",
    )


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Tensors by name from a docTR checkpoint, `.pt` (without unpickling code) or `.safetensors`.

    Half-precision tensors are widened to float32.
    """
    import torch

    if not path.is_file():
        raise UsageError(
            f"--weights {path}: there is no such file.", "--weights pretrained|random|FILE"
        )
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            state = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # both libraries raise many kinds for a damaged file
        raise UsageError(
            f"--weights {path}: not a readable .pt or .safetensors checkpoint ({error})."
        ) from error
    if not isinstance(state, dict) or not all(torch.is_tensor(t) for t in state.values()):
        raise UsageError(f"--weights {path}: holds something else than a state dictionary.")
    return {name: t.float() if t.is_floating_point() else t for name, t in state.items()}


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


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep warnings and log lines of docTR and PyTorch's exporter off the terminal."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
