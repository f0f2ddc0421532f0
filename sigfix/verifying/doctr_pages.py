"""docTR's own Python pipeline on pages: what a bundle's reading is compared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sigfix.card import Card
from sigfix.importing.doctr import build_model
from sigfix.importing.doctr_models import construct, quiet
from sigfix.presets import (
    DETECTION,
    ORIENTATION,
    PAGE_ORIENTATION,
    RECOGNITION,
    Preset,
    find_preset,
)
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


Page = dict[str, Any]


def read_pages(models: Mapping[str, Model], pictures: Sequence[Image.Image]) -> list[Page]:
    """What docTR reads on pictures, as `Document.export()` has pages.

    `models` are "detection" and "recognition", and "orientation" for words at all angles; only
    then pages are not taken for straight. With "page_orientation" they are turned before they are
    read, and places are those on the page as it was. A model alone is called by its own predictor:
    what it says becomes pages of one line, whose words have no text (a detector's), or which is one
    word (a recogniser's, and a classifier's, which is turned).
    Raises what `build_model` and `tfjs.run` raise.
    """
    images = [np.asarray(picture.convert("RGB")) for picture in pictures]
    if len(models) == 1:
        ((task, model),) = models.items()
        return _ALONE[task](model, images)
    with quiet():
        from doctr.models.classification.predictor import OrientationPredictor
        from doctr.models.detection.predictor import DetectionPredictor
        from doctr.models.predictor import OCRPredictor
        from doctr.models.recognition.predictor import RecognitionPredictor

        straight = ORIENTATION not in models
        predictor = OCRPredictor(
            DetectionPredictor(*_parts(models[DETECTION], straight)),
            RecognitionPredictor(*_parts(models[RECOGNITION], straight)),
            assume_straight_pages=straight,
            disable_page_orientation=True,
            disable_crop_orientation=True,
            resolve_blocks=False,
        )
        if not straight:
            turning = OrientationPredictor(*_parts(models[ORIENTATION], straight))
            predictor.crop_orientation_predictor = turning
            predictor._page_orientation_disabled = False
        if PAGE_ORIENTATION in models:
            whole = OrientationPredictor(*_parts(models[PAGE_ORIENTATION], straight))
            predictor.page_orientation_predictor = whole
            predictor._page_orientation_disabled = False
            predictor.detect_orientation = predictor.straighten_pages = True
            predictor.preserve_original_coords = True
        found: list[Page] = predictor(images).export(reading_order=False)["pages"]
    return found


def _page(words: Iterable[tuple[Any, str, int]]) -> Page:
    """A page of one line: geometries, texts, and directions in degrees."""
    made = [
        {"geometry": geometry, "value": value, "crop_orientation": {"value": turned}}
        for geometry, value, turned in words
    ]
    return {"blocks": [{"lines": [{"words": made}]}]}


_WHOLE = [[0.0, 0.0], [1.0, 1.0]]


def _detected(model: Model, images: list[Any]) -> list[Page]:
    with quiet():
        from doctr.models.detection.predictor import DetectionPredictor

        found = DetectionPredictor(*_parts(model, True))(images)
    return [_page((box[:4].reshape(2, 2), "", 0) for box in page["words"]) for page in found]


def _recognised(model: Model, images: list[Any]) -> list[Page]:
    with quiet():
        from doctr.models.recognition.predictor import RecognitionPredictor

        found = RecognitionPredictor(*_parts(model, True))(images)
    return [_page([(_WHOLE, text, 0)]) for text, _ in found]


def _classified(model: Model, images: list[Any]) -> list[Page]:
    with quiet():
        from doctr.models.classification.predictor import OrientationPredictor

        _, turns, _ = OrientationPredictor(*_parts(model, True))(images)
    return [_page([(_WHOLE, "", turned)]) for turned in turns]


_ALONE = {DETECTION: _detected, RECOGNITION: _recognised, ORIENTATION: _classified}


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
                words = [dict(zip(self.class_names, page, strict=True))
                         for page in self.postprocessor(maps)]  # fmt: skip
                return {"preds": words, "out_map": torch.from_numpy(maps).permute(0, 3, 1, 2)}
            logits = torch.from_numpy(values)
            return {"preds": self.postprocessor(logits)} if preset.is_recogniser else logits

    return Module()
