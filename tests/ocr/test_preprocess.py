"""What a model is given: docTR's PreProcessor, to within one of 255 steps of grey.

What becomes one pixel wide is left out: PyTorch fills it with one colour.
"""

from __future__ import annotations

import numpy as np
import pytest
from doctr.models.preprocessor import PreProcessor

from sigfix.card import make_card
from sigfix.presets import PRESETS
from tests.ocr.javascript import call, picture
from tests.ocr.pictures import noise, page

SIZES = (
    (32, 128), (1, 1), (1, 400), (60, 4), (33, 7), (64, 256), (16, 64), (100, 37), (300, 240),
    (31, 997), (517, 331), (97, 388), (512, 512),
)  # fmt: skip
IMAGES = [noise(seed, *size) for seed, size in enumerate(SIZES)] + [page(seed) for seed in (0, 1)]


def reference(name: str, images: list[np.ndarray], size: tuple[int, int]) -> np.ndarray:
    """docTR's values, [images, height, width, 3]; detectors and classifiers centre an image."""
    preset = PRESETS[name]
    symmetric = {} if preset.is_recogniser else {"symmetric_pad": True}
    reader = PreProcessor(
        size, len(images), preset.mean, preset.std, preserve_aspect_ratio=True, **symmetric
    )
    (batch,) = reader(images)
    values: np.ndarray = batch.permute(0, 2, 3, 1).numpy()
    return values


def ours(name: str, images: list[np.ndarray], size: tuple[int, int], **fault: object) -> np.ndarray:
    card = {**make_card(PRESETS[name], "abc", "random").as_json(), **fault}
    frame = {"width": size[1], "height": size[0]}
    (values,) = call([("preprocess.js", "preprocess", [[*map(picture, images)], frame, card])])
    return np.reshape(values, (len(images), *size, 3))


def worst(one: np.ndarray, other: np.ndarray, name: str) -> float:
    """The largest difference in steps of grey."""
    return float((np.abs(one - other) * np.array(PRESETS[name].std)).max() * 255)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("crnn_vgg16_bn", (32, 128)),
        ("db_resnet50", (256, 256)),
        ("db_resnet50", (160, 320)),
        ("mobilenet_v3_small_crop_orientation", (256, 256)),
    ],
)
def test_values_are_those_of_doctr(name: str, size: tuple[int, int]) -> None:
    difference = worst(ours(name, IMAGES, size), reference(name, IMAGES, size), name)
    assert difference < 1.001


@pytest.mark.parametrize("fault", [{"padding": "end"}, {"mean": [0.5] * 3}, {"std": [0.5] * 3}])
def test_another_card_is_seen(fault: dict[str, object]) -> None:
    size = (256, 256)
    wanted = reference("db_resnet50", IMAGES, size)
    assert worst(ours("db_resnet50", IMAGES, size, **fault), wanted, "db_resnet50") > 5


def test_a_resize_without_antialiasing_is_seen() -> None:
    import cv2

    image = page(3)
    small = cv2.resize(image, (102, 128))
    (ours_small,) = call([("resize.js", "resize", [picture(image), 102, 128])])
    assert np.abs(ours_small["data"].reshape(small.shape).astype(int) - small).max() > 20
