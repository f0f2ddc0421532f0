"""docTR's own Python pipeline on a page: what a bundle's reading is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sigfix.card import Card
from sigfix.importing.doctr import build_model
from sigfix.importing.doctr_models import construct, quiet
from sigfix.presets import ORIENTATION, Preset, find_preset
from sigfix.verifying.runners import tfjs

if TYPE_CHECKING:
    from PIL import Image

BATCH = 32


@dataclass(frozen=True)
class Trained:
    """A model that docTR builds itself: preset, weights (as `build_model` takes them)."""

    preset: Preset
    weights: str
    seed: int = 0
    vocabulary: str | None = None


@dataclass(frozen=True)
class Converted:
    """A TensorFlow.js folder: docTR prepares its images and reads its output, Node.js runs it.

    `height` and `width` are those of its images.
    """

    folder: Path
    card: Card
    height: int
    width: int


Model = Trained | Converted


def read_page(models: Mapping[str, Model], picture: Image.Image) -> dict[str, Any]:
    """What docTR reads on a picture of a page, as `Document.export()` has pages.

    `models` are "detection" and "recognition", and "orientation" for words at all angles; only
    then pages are not taken for straight. Raises what `build_model` and `tfjs.run` raise.
    """
    with quiet():
        from doctr.models.classification.predictor import OrientationPredictor
        from doctr.models.detection.predictor import DetectionPredictor
        from doctr.models.predictor import OCRPredictor
        from doctr.models.recognition.predictor import RecognitionPredictor

        straight = ORIENTATION not in models
        predictor = OCRPredictor(
            DetectionPredictor(*_parts(models["detection"], straight)),
            RecognitionPredictor(*_parts(models["recognition"], straight)),
            assume_straight_pages=straight,
            disable_page_orientation=True,
            disable_crop_orientation=True,
            resolve_blocks=False,
        )
        if not straight:
            turning = OrientationPredictor(*_parts(models[ORIENTATION], straight))
            predictor.crop_orientation_predictor = turning
            predictor._page_orientation_disabled = False
        found = predictor([np.asarray(picture.convert("RGB"))]).export(reading_order=False)
    pages: list[dict[str, Any]] = found["pages"]
    return pages[0]


def _parts(model: Model, straight: bool) -> tuple[Any, Any]:
    """docTR's preprocessor of a model, and the model as its predictors call it."""
    from doctr.models.preprocessor import PreProcessor

    if isinstance(model, Trained):
        built = build_model(model.preset, model.weights, model.seed, model.vocabulary)
        preset, module = built.preset, built.module
        module.exportable = False
        size, scale = (preset.height, preset.width), (preset.mean, preset.std)
    else:
        preset, module = _as_preset(model), _run_in_node(model)
        size, scale = (model.height, model.width), (model.card.mean, model.card.std)
    batch = 1 if preset.is_detector else BATCH
    padding = {} if preset.is_recogniser else {"symmetric_pad": True}
    prepare = PreProcessor(size, batch, *scale, preserve_aspect_ratio=True, **padding)
    if preset.is_detector:
        module.assume_straight_pages = straight
        module.postprocessor.assume_straight_pages = straight
    return prepare, module.eval()


def _as_preset(model: Converted) -> Preset:
    preset = find_preset(model.card.preset)
    names = model.card.class_names or ()
    return replace(preset, maps=len(names), class_names=names) if len(names) > 1 else preset


def _run_in_node(model: Converted) -> Any:
    """A PyTorch module that hands images to TensorFlow.js, and its answers to docTR."""
    import torch

    preset, card = _as_preset(model), model.card
    own = construct(preset, card.vocabulary)

    class Module(torch.nn.Module):  # type: ignore[misc]
        """Stands where docTR's own model would."""

        def __init__(self) -> None:
            super().__init__()
            self.place = torch.nn.Parameter(torch.zeros(1))  # predictors ask for a device
            self.cfg = own.cfg
            self.postprocessor: Any = getattr(own, "postprocessor", None)
            self.class_names = getattr(own, "class_names", [])

        def forward(self, images: torch.Tensor, **_: Any) -> Any:
            given = np.ascontiguousarray(images.permute(0, 2, 3, 1).numpy())
            (answer,) = tfjs.run(model.folder, [{card.input: given}], [card.output]).outputs
            values = answer[card.output]
            if preset.is_detector:
                maps = 1 / (1 + np.exp(-values)) if card.output == "logits" else values
                return {"preds": [dict(zip(self.class_names, page, strict=True))
                                  for page in self.postprocessor(maps)]}  # fmt: skip
            logits = torch.from_numpy(values)
            return {"preds": self.postprocessor(logits)} if preset.is_recogniser else logits

    return Module()
