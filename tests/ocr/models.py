"""Models that need no training, as TensorFlow.js graphs and as docTR's PyTorch predictors.

What they compute is known: the detector finds dark places, the recogniser and the classifier take
means of parts of an image through a seeded matrix. So each stage of a page is run for real, and
both sides get the same numbers.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from doctr.models.classification.predictor import OrientationPredictor
from doctr.models.detection.differentiable_binarization.base import DBPostProcessor
from doctr.models.detection.predictor import DetectionPredictor
from doctr.models.predictor import OCRPredictor
from doctr.models.preprocessor import PreProcessor
from doctr.models.recognition.crnn.pytorch import CTCPostProcessor
from doctr.models.recognition.predictor import RecognitionPredictor

from sigfix.card import make_card
from sigfix.presets import PRESETS

SIDE = 512
SPREAD = 5  # pixels that a stroke grows by, so that the letters of a word touch
BRIGHT, STEEP = 0.7, 30.0
VOCABULARY = "abcdefghijklmnopqrstuvwxyz"
DETECTOR, RECOGNISER, CLASSIFIER = (
    "db_resnet50", "crnn_vgg16_bn", "mobilenet_v3_small_crop_orientation",
)  # fmt: skip
PAGES = "mobilenet_v3_small_page_orientation"
PARTS = {RECOGNISER: (32, 4), CLASSIFIER: (128, 128), PAGES: (256, 256)}
"""Height and width of the parts that means are taken of."""
MATRICES = {
    RECOGNISER: np.random.default_rng(1).normal(0, 4, (3, len(VOCABULARY) + 1)),
    CLASSIFIER: np.random.default_rng(3).normal(0, 8, (12, 4)),
    PAGES: np.random.default_rng(5).normal(0, 30, (12, 4)),
}

DARKER = 50 * np.kron([[-1, 1, 1, -1], [1, 1, -1, -1], [-1, -1, 1, 1], [1, -1, -1, 1]],
                      np.ones((3, 1)))  # fmt: skip
"""Tells how a page is turned whose left half is darker, which text with a ragged edge is.

Rows are the quarters of an image (top left, top right, bottom left, bottom right) by colour;
columns are that it is upright, turned counterclockwise, on its head, turned clockwise.
"""


def _text(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def _pool(operator: str, source: str, size: tuple[int, int], steps: tuple[int, int], padding: str
          ) -> dict[str, Any]:  # fmt: skip
    sizes = {key: {"list": {"i": ["1", str(a), str(b), "1"]}}
             for key, (a, b) in (("ksize", size), ("strides", steps))}  # fmt: skip
    attributes = {**sizes, "padding": {"s": _text(padding)}, "T": {"type": "DT_FLOAT"}}
    return {"op": operator, "input": [source], "attr": attributes}


def _write(
    folder: Path, name: str, nodes: dict[str, Any], constants: dict[str, np.ndarray]
) -> None:
    """model.json and its weights, with the card of a preset."""
    preset = PRESETS[name]
    if name == DETECTOR:
        preset = dataclasses.replace(preset, height=SIDE, width=SIDE)
    sizes = ("-1", str(preset.height), str(preset.width), "3")
    shape = {"dim": [{"size": size} for size in sizes]}
    holder = {"dtype": {"type": "DT_FLOAT"}, "shape": {"shape": shape}}
    all_nodes = {"input": {"op": "Placeholder", "input": [], "attr": holder}}
    for key, value in constants.items():
        kind = {"type": "DT_INT32" if value.dtype == np.int32 else "DT_FLOAT"}
        all_nodes[key] = {"op": "Const", "input": [], "attr": {"dtype": kind}}
    all_nodes |= nodes
    folder.mkdir(parents=True)
    (folder / "weights.bin").write_bytes(b"".join(v.tobytes() for v in constants.values()))
    specs = [{"name": key, "shape": list(value.shape), "dtype": value.dtype.name}
             for key, value in constants.items()]  # fmt: skip
    tensors = {
        "inputs": {"input": {"dtype": "DT_FLOAT", "name": "input:0", "tensorShape": shape}},
        "outputs": {preset.output: {"dtype": "DT_FLOAT", "name": f"{preset.output}:0"}},
    }
    model = {
        "format": "graph-model",
        "signature": tensors,
        "userDefinedMetadata": {"sigfix": make_card(preset, VOCABULARY, "none").as_json()},
        "modelTopology": {
            "node": [{"name": key, **value} for key, value in all_nodes.items()],
            "versions": {"producer": 1},
        },
        "weightsManifest": [{"paths": ["weights.bin"], "weights": specs}],
    }
    (folder / "model.json").write_text(json.dumps(model), "utf-8")


def write_detector(folder: Path) -> None:
    """Dark places, spread to the sides."""
    preset = PRESETS[DETECTOR]
    constants = {
        "std": np.float32(preset.std), "mean": np.float32(preset.mean), "axis": np.int32([3]),
        "steep": np.float32(-STEEP), "bright": np.float32(BRIGHT), "one": np.float32(-1),
    }  # fmt: skip
    two = lambda op, *sources: {"op": op, "input": list(sources), "attr": {}}  # noqa: E731
    nodes = {
        "scaled": two("Mul", "input", "std"),
        "plain": two("AddV2", "scaled", "mean"),
        "grey": {**two("Mean", "plain", "axis"), "attr": {"keep_dims": {"b": True}}},
        "negative": two("Mul", "grey", "one"),
        "dark": _pool("MaxPool", "negative", (1, SPREAD), (1, 1), "SAME"),
        "over": two("AddV2", "dark", "bright"),
        "steeper": two("Mul", "over", "steep"),
        "minus": two("Mul", "steeper", "one"),
        "probabilities": two("Sigmoid", "minus"),
    }
    _write(folder, DETECTOR, nodes, constants)


def write_means(folder: Path, name: str, matrix: np.ndarray | None = None) -> None:
    """Means of parts of an image, through a matrix; that of its name where none is given."""
    matrix = (MATRICES[name] if matrix is None else matrix).astype(np.float32)
    preset = PRESETS[name]
    last = [preset.steps, matrix.shape[1]] if preset.is_recogniser else [matrix.shape[1]]
    constants = {"rows": np.int32([-1, len(matrix)]), "last": np.int32([-1, *last]),
                 "matrix": matrix}  # fmt: skip
    two = lambda op, *sources: {"op": op, "input": list(sources), "attr": {}}  # noqa: E731
    nodes = {
        "means": _pool("AvgPool", "input", PARTS[name], PARTS[name], "VALID"),
        "flat": two("Reshape", "means", "rows"),
        "product": two("MatMul", "flat", "matrix"),
        "logits": two("Reshape", "product", "last"),
    }
    _write(folder, name, nodes, constants)


class Dark(torch.nn.Module):
    """`write_detector` for docTR."""

    def __init__(self, straight: bool) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.assume_straight_pages = straight
        self.postprocessor = DBPostProcessor(assume_straight_pages=straight)

    def forward(self, values: torch.Tensor, **_: Any) -> dict[str, Any]:
        preset = PRESETS[DETECTOR]
        std, mean = (torch.tensor(of).reshape(3, 1, 1) for of in (preset.std, preset.mean))
        negative = -(values * std + mean).mean(1, keepdim=True)
        half = SPREAD // 2
        padded = torch.nn.functional.pad(negative, (half, half), value=-np.inf)
        dark = torch.nn.functional.max_pool2d(padded, (1, SPREAD), 1)
        found = torch.sigmoid((dark + BRIGHT) * STEEP).permute(0, 2, 3, 1).numpy()
        preds = [{"words": boxes} for (boxes,) in self.postprocessor(found)]
        return {"preds": preds, "out_map": torch.from_numpy(found).permute(0, 3, 1, 2)}


class Means(torch.nn.Module):
    """`write_means` for docTR."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(MATRICES[name], dtype=torch.float32))
        self.parts = PARTS[name]
        self.cfg = {"classes": PRESETS[name].classes}
        self.reads = PRESETS[name].is_recogniser

    def forward(self, values: torch.Tensor, **_: Any) -> Any:
        means = torch.nn.functional.avg_pool2d(values, self.parts).permute(0, 2, 3, 1)
        if not self.reads:
            return means.flatten(1) @ self.weight
        return {"preds": CTCPostProcessor(VOCABULARY)(means.flatten(1, 2) @ self.weight)}


def reader(name: str, size: tuple[int, int], **padding: bool) -> PreProcessor:
    preset = PRESETS[name]
    return PreProcessor(size, 64, preset.mean, preset.std, preserve_aspect_ratio=True, **padding)


def predictor(
    straight: bool, turned: bool, blocks: bool = False, pages: bool = False
) -> OCRPredictor:
    """docTR's pipeline on these models; `turned` with the classifier of crops, `pages` of pages."""
    made = OCRPredictor(
        DetectionPredictor(reader(DETECTOR, (SIDE, SIDE), symmetric_pad=True), Dark(straight)),
        RecognitionPredictor(reader(RECOGNISER, (32, 128)), Means(RECOGNISER)),
        assume_straight_pages=straight,
        disable_page_orientation=True,
        disable_crop_orientation=True,
        resolve_blocks=blocks,
    )
    if turned:
        crops = reader(CLASSIFIER, (256, 256), symmetric_pad=True)
        made.crop_orientation_predictor = OrientationPredictor(crops, Means(CLASSIFIER))
        made._page_orientation_disabled = False
    if pages:
        whole = reader(PAGES, (512, 512), symmetric_pad=True)
        made.page_orientation_predictor = OrientationPredictor(whole, Means(PAGES))
        made._page_orientation_disabled = False
        made.detect_orientation = made.straighten_pages = made.preserve_original_coords = True
    return made
