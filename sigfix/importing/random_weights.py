"""Random weights that behave like trained ones: for trying a preset without any."""

from __future__ import annotations

from typing import Any

from sigfix.presets import Preset

CALIBRATION_SIDE = 256
LARGEST_LOGIT = 1.0
"""Between this and its negative the sigmoid is nearly a line."""


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
    """Scale a detector's last convolution so that `LARGEST_LOGIT` is its largest on noise.

    The noise is normalised, as the images are that a model is given. Random logits can reach
    hundreds: then the sigmoid is 0 or 1 almost everywhere, which hides differences, and between
    them so steep that it multiplies a rounding by a hundred. Trained logits are larger, but
    far below 0 wherever there is no word.
    """
    import torch

    run: list[Any] = []
    kinds = (torch.nn.Conv2d, torch.nn.ConvTranspose2d)
    convolutions = [part for part in module.modules() if isinstance(part, kinds)]
    hooks = [part.register_forward_hook(lambda it, *_: run.append(it)) for part in convolutions]
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (preset.mean, preset.std))
    with torch.inference_mode():
        logits = module((torch.rand(1, *_calibration_image(preset)) - mean) / std)["logits"]
    for hook in hooks:
        hook.remove()
    for values in run[-1].parameters():
        values.data.mul_(LARGEST_LOGIT / logits.abs().max().item())


def _calibration_image(preset: Preset) -> tuple[int, int, int]:
    """Channels, height and width of the images that random weights are adjusted on."""
    return 3, min(preset.height, CALIBRATION_SIDE), min(preset.width, CALIBRATION_SIDE)
