"""A detector that picks its boxes itself, as Keras' exports do: converted, and compared on pictures
in which no two of its scores are equal."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

if absent := [name for name in ("tensorflow", "tensorflowjs") if find_spec(name) is None]:
    pytest.skip(f"needs {', '.join(absent)}", allow_module_level=True)

import tensorflow as tf

from sigfix.errors import ConversionError, ParityError
from sigfix.pipeline import conversion_source
from sigfix.pipeline.applying import RepairOptions
from sigfix.pipeline.conversion_options import ConvertOptions
from sigfix.pipeline.convert import convert
from sigfix.pipeline.inspect import inspect
from sigfix.pipeline.verify_formats import chosen
from sigfix.reading import read
from sigfix.verifying.inputs.cases import made_up

SIDE, STRIDE, CLASSES = 64, 8, 4


def saved(folder, side=SIDE, picks=10, of_a_class=5, known=True):
    """A place with a box and four scores for each square; the best of a picture come out."""
    random = np.random.default_rng(0)
    kernel, boxes, scores = (
        tf.Variable(random.normal(0, 0.3, shape).astype("f"))
        for shape in ((STRIDE, STRIDE, 3, 16), (16, 4), (16, CLASSES))
    )
    model = tf.Module()
    model.weights = [kernel, boxes, scores]

    @tf.function(input_signature=[tf.TensorSpec((None, side, side, 3), name="images")])
    def detect(images):
        seen = tf.nn.silu(tf.nn.conv2d(images, kernel, STRIDE, "SAME"))
        places = (side // STRIDE) ** 2 if side else tf.reduce_prod(tf.shape(seen)[1:3])
        rows = tf.reshape(seen, [-1, places, 16])
        middle, half = tf.split(tf.sigmoid(rows @ boxes), 2, axis=-1)
        corners = tf.concat([middle - half / 2, middle + half / 2], -1)[:, :, None]
        found = tf.sigmoid(rows @ scores)
        if not known:
            found = found[..., : tf.math.maximum(tf.shape(images)[0], CLASSES)]
        return tf.image.combined_non_max_suppression(
            corners, found, of_a_class, picks, 0.5, 0.25
        )._asdict()

    tf.saved_model.save(model, folder, signatures=detect)
    return folder


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    """64 places; the best ten of a picture."""
    return saved(tmp_path_factory.mktemp("detector") / "model")


def test_what_a_detector_picks_is_the_same(detector, tmp_path, node_packages):
    result = convert(detector, tmp_path / "web")
    assert result.mode == "execute"
    assert len(result.comparisons) == 2


def test_pictures_may_be_of_any_size(tmp_path, node_packages):
    model = saved(tmp_path / "model", side=None)
    result = convert(model, tmp_path / "web")
    assert result.mode == "execute"
    assert [c.parity.ok for c in result.comparisons] == [True, True]
    assert inspect(model, target="tfjs").findings == ()


@pytest.mark.parametrize(
    ("form", "said"),
    [({"side": 256, "picks": 600, "of_a_class": 600}, "of 600 boxes, more than 500"),
     ({"known": False}, "of an open number of classes")],
)  # fmt: skip
def test_what_cannot_be_written_out_is_said_by_both(form, said, tmp_path, node_packages):
    model = saved(tmp_path / "model", **form)
    (found,) = (f for f in inspect(model, target="tfjs").findings if f.severity.value == "error")
    assert found.code == "TGT401" and said in found.message
    with pytest.raises(ConversionError, match="CombinedNonMaxSuppression") as refused:
        convert(model, tmp_path / "web")
    assert refused.value.hint == found.evidence[0]
    assert "max_total_size" in refused.value.hint


def test_fewer_boxes_than_may_be_picked_are_written_out(tmp_path):
    model = saved(tmp_path / "model", side=32, picks=900, of_a_class=900)
    assert inspect(model, target="tfjs").findings == ()
    convert(model, tmp_path / "web", ConvertOptions(verify=False))


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
