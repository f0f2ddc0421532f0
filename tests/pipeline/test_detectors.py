"""A detector that picks its boxes itself, as Keras' exports do: converted, and compared on pictures
in which no two of its scores are equal."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

if absent := [name for name in ("tensorflow", "tensorflowjs") if find_spec(name) is None]:
    pytest.skip(f"needs {', '.join(absent)}", allow_module_level=True)

import tensorflow as tf

from sigfix.errors import ParityError
from sigfix.pipeline import conversion_source
from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.conversion_options import ConvertOptions
from sigfix.pipeline.convert import convert
from sigfix.pipeline.verify_formats import chosen
from sigfix.reading import read
from sigfix.verifying.inputs.cases import made_up

SIDE, STRIDE, CLASSES = 64, 8, 4


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    """64 places with a box and four scores each; the best ten of a picture come out."""
    random = np.random.default_rng(0)
    kernel, boxes, scores = (
        tf.Variable(random.normal(0, 0.3, shape).astype("f"))
        for shape in ((3, 3, 3, 16), (16, 4), (16, CLASSES))
    )
    model = tf.Module()
    model.weights = [kernel, boxes, scores]
    places = (SIDE // STRIDE) ** 2

    @tf.function(input_signature=[tf.TensorSpec((None, SIDE, SIDE, 3), name="images")])
    def detect(images):
        seen = tf.nn.silu(tf.nn.conv2d(images, kernel, STRIDE, "SAME"))
        rows = tf.reshape(seen, [-1, places, 16])
        middle, half = tf.split(tf.sigmoid(rows @ boxes), 2, axis=-1)
        corners = tf.concat([middle - half / 2, middle + half / 2], -1)[:, :, None]
        found = tf.image.combined_non_max_suppression(
            corners, tf.sigmoid(rows @ scores), 5, 10, 0.5, 0.25
        )
        return found._asdict()

    folder = tmp_path_factory.mktemp("detector") / "model"
    tf.saved_model.save(model, folder, signatures=detect)
    return folder


def test_what_a_detector_picks_is_the_same(detector, tmp_path, node_packages):
    result = convert(detector, tmp_path / "web")
    assert result.mode == "execute"
    assert len(result.comparisons) == 2


@pytest.mark.matrix
def test_equal_scores_are_what_is_avoided(detector, tmp_path, node_packages, monkeypatch):
    """With pages and empty pictures TensorFlow picks others of equal boxes than TensorFlow.js."""

    def as_for_any_model(*args, **options):
        return made_up(*args, **{**options, "picks": False})

    monkeypatch.setattr(conversion_source, "made_up", as_for_any_model)
    with pytest.raises(ParityError):
        convert(detector, tmp_path / "web", ConvertOptions())


def test_verify_knows_what_picks(detector, tmp_path):
    found = chosen(read(detector), None, None, RepairOptions(), tmp_path)
    assert "CombinedNonMaxSuppression" in found.operators
