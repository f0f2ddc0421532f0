"""docTR's own models, built by a preset's name and sizes."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator
from typing import Any

from sigfix.errors import MissingExtraError
from sigfix.presets import DETECTION, ORIENTATION, PRESETS, RECOGNITION, Preset


def construct(preset: Preset, characters: str) -> Any:
    """The PyTorch module of a preset, in inference mode, with weights as docTR initialises them.

    Raises `MissingExtraError` without docTR.
    """
    with quiet():
        try:
            from doctr.models import classification, detection, recognition
        except ImportError as error:
            raise MissingExtraError("--preset", "doctr", str(error)) from error
        build = {RECOGNITION: recognition, DETECTION: detection, ORIENTATION: classification}
        own: dict[str, Any] = {}
        if preset.task != ORIENTATION:
            own = {"pretrained_backbone": False, "exportable": True}
        if preset.is_recogniser:
            own["vocab"] = characters
            usual = PRESETS[preset.name]
            if (preset.height, preset.width) != (usual.height, usual.width):
                own["input_shape"] = (3, preset.height, preset.width)
        if preset.maps > 1:
            unnamed = [f"class {number:04d}" for number in range(preset.maps)]
            own["class_names"] = list(preset.class_names) or unnamed
        return getattr(build[preset.task], preset.name)(pretrained=False, **own).eval()


def merged(module: Any) -> Any:
    """FAST with the branches of each layer merged into one convolution; changes the module."""
    from doctr.models.detection.fast.pytorch import reparameterize

    return reparameterize(module)


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
