"""--quantize auto: what it measures, and what it takes."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from sigfix.card import make_card
from sigfix.errors import UsageError
from sigfix.model import TensorSpec
from sigfix.presets import find_preset

if any(find_spec(name) is None for name in ("tensorflow", "tensorflowjs", "PIL")):
    pytest.skip("needs tensorflow, tensorflowjs and Pillow", allow_module_level=True)

from sigfix.exporting import weight_files

WEIGHTS = Path(__file__).parents[2] / "examples/weights/crnn_mobilenet_v3_small.fp16.safetensors"
CRNN = make_card(find_preset("crnn_mobilenet_v3_small"), "abc0", "none")
IMAGES = {"input": TensorSpec("float32", (None, 32, 128, 3))}


def _perceptron(place: Path, weights: np.ndarray) -> Path:
    import tensorflow as tf

    module = tf.Module()
    module.weights = tf.Variable(weights)
    module.call = tf.function(
        lambda x: {"y": tf.matmul(x, module.weights)},
        input_signature=[tf.TensorSpec((None, len(weights)), tf.float32, name="x")],
    )
    tf.saved_model.save(module, str(place), signatures=module.call)
    return place


def _convert(model: Path, samples: Path, max_loss: float):
    from sigfix import ConvertOptions, convert

    options = ConvertOptions(quantize="auto", samples=samples, max_loss=max_loss, force=True)
    return convert(model, model.with_name("web"), options)


def test_takes_the_smallest_type_within_the_limit(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    model = _perceptron(tmp_path / "model", random.normal(size=(64, 32)).astype(np.float32))
    samples = tmp_path / "samples.npz"
    np.savez(samples, x=random.normal(size=(20, 64)).astype(np.float32))
    sizes = {}
    for max_loss, dtype in ((0.1, "uint8"), (0.001, "float16"), (0.0, None)):
        result = _convert(model, samples, max_loss)
        assert result.quantize == dtype
        assert [t.accepted for t in result.trials].count(True) == (dtype is not None)
        assert all(t.loss > max_loss for t in result.trials if not t.accepted)
        assert bool(result.quantised) == (dtype is not None)
        sizes[dtype] = result.size
    assert sizes["uint8"] < sizes["float16"] < sizes[None]


def _chain(place: Path, matrices: list[np.ndarray]) -> Path:
    import tensorflow as tf

    module = tf.Module()
    module.matrices = [tf.Variable(each) for each in matrices]

    @tf.function(input_signature=[tf.TensorSpec((None, len(matrices[0])), tf.float32, name="x")])
    def call(x):
        for matrix in module.matrices:
            x = tf.tanh(tf.matmul(x, matrix))
        return {"y": x}

    module.call = call
    tf.saved_model.save(module, str(place), signatures=module.call)
    return place


def test_mixed_keeps_wide_what_uint8_is_too_coarse_for(tmp_path: Path) -> None:
    from sigfix import ConvertOptions, convert

    random = np.random.default_rng(0)
    matrices = [random.normal(0, 0.2, (32, 32)).astype(np.float32) for _ in range(8)]
    matrices[4][3, 5] = 40.0  # one number stretches the range of all
    model = _chain(tmp_path / "model", matrices)
    samples = tmp_path / "samples.npz"
    np.savez(samples, x=random.normal(size=(20, 32)).astype(np.float32))
    options = ConvertOptions(quantize="mixed", samples=samples, max_loss=1.0)
    result = convert(model, tmp_path / "web", options)
    assert (result.quantize, result.quantised) == ("mixed", {"float16": 1, "uint8": 7})
    (group,) = json.loads((tmp_path / "web/model.json").read_text("utf-8"))["weightsManifest"]
    stored = {each["name"]: each.get("quantization", {}) for each in group["weights"]}
    wide = [name for name, how in stored.items() if how.get("dtype") == "float16"]
    values = weight_files.stored_weights(tmp_path / "web")
    assert [float(values[name].max()) for name in wide] == [40.0]
    small, mixed, wider, *_ = _convert(model, samples, 0.0).trials
    assert [trial.dtype for trial in (small, mixed, wider)] == ["uint8", "mixed", "float16"]
    assert small.loss > 2 * mixed.loss > wider.loss


def test_a_classifier_is_measured_on_what_is_turned() -> None:
    from sigfix.pipeline.quantising import _loss
    from sigfix.verifying.inputs.samples import _rendered_pictures, load_samples

    for name, number, side in (("crop", 100, 64), ("page", 12, 128)):
        card = make_card(find_preset(f"mobilenet_v3_small_{name}_orientation"), "", "none")
        specs = {"input": TensorSpec("float32", (None, side, side, 3))}
        batches = load_samples(None, specs, card)
        assert len(batches) == number
        upright, *turned = (np.asarray(picture) for picture in _rendered_pictures(card)[:4])
        for turn, picture in enumerate(turned, 1):
            assert np.array_equal(picture, np.rot90(upright, turn))
        logits = [{"logits": np.eye(4)[[n % 4]]} for n in range(number)]
        other = [{"logits": np.eye(4)[[3]]}, *logits[1:]]
        assert _loss(logits, other, card) == (1 / number, "turns", number)


def test_samples_that_nothing_is_made_of_say_nothing() -> None:
    """A recogniser that reads no letter before and after loses nothing: of nothing."""
    from sigfix.pipeline.quantising import _loss

    classes = len(CRNN.vocabulary) + 1
    blank, letter = (np.eye(classes)[[[place] * 8]] for place in (-1, 0))
    nothing, read = [{CRNN.output: blank}], [{CRNN.output: letter}]
    with pytest.raises(UsageError, match="the recogniser reads nothing on the samples") as refused:
        _loss(nothing, nothing, CRNN)
    assert refused.value.hint == "--samples FOLDER of words, or --quantize float16"
    assert _loss(nothing, read, CRNN) == _loss(read, nothing, CRNN) == (1.0, "words", 1)
    assert _loss(read, read, CRNN) == (0.0, "words", 1)


def test_small_weights_stay_wider_than_uint8(tmp_path: Path) -> None:
    from sigfix.exporting.tfjs_model import quantised_weights
    from sigfix.optimising.graph.graph import Graph

    graph = Graph({}, (), ())
    random = np.random.default_rng(0)
    for name, size in (("small", 300), ("large", 90_000), ("larger", 100_000)):
        graph.add_constant(name, random.normal(size=(size // 2, 2)).astype(np.float32))
    assert quantised_weights(graph, "uint8") == {
        "small": "float16",
        "large": "uint8",
        "larger": "uint8",
    }
    assert set(quantised_weights(graph, "uint16").values()) == {"uint16"}
    assert quantised_weights(graph, None) == {}


@pytest.mark.skipif(find_spec("doctr") is None, reason="needs doctr")
def test_rendered_words_are_as_doctr_prepares_them() -> None:
    from doctr.models.preprocessor import PreProcessor

    from sigfix.verifying.inputs.samples import as_input, rendered_words

    words = rendered_words(CRNN, 8)
    theirs = PreProcessor(
        (32, 128), batch_size=8, mean=CRNN.mean, std=CRNN.std, preserve_aspect_ratio=True
    )([np.asarray(word) for word in words])
    for word, expected in zip(words, theirs[0].numpy().transpose(0, 2, 3, 1), strict=True):
        ours = as_input(word, 32, 128, CRNN)
        np.testing.assert_allclose(ours, expected, atol=1.01 / 255 / min(CRNN.std))


def test_pictures_are_samples(tmp_path: Path) -> None:
    from PIL import Image

    from sigfix.verifying.inputs.samples import load_samples

    for number in range(3):
        Image.new("RGB", (60, 20), (number * 80, 10, 200)).save(tmp_path / f"{number}.png")
    (tmp_path / "notes.txt").write_text("no picture")
    (batch,) = load_samples(tmp_path, IMAGES, CRNN)
    assert batch["input"].shape == (3, 32, 128, 3)
    top_left = batch["input"][1, 0, 0] * CRNN.std + CRNN.mean
    np.testing.assert_allclose(top_left * 255, [80, 10, 200], atol=0.1)


@pytest.mark.parametrize(
    ("make", "card", "words"),
    [
        (None, None, "no docTR model with a card"),
        ("folder", CRNN, "there are no pictures"),
        ("broken.png", CRNN, "not a readable picture"),
    ],
)
def test_what_cannot_be_measured_is_said(make, card, words, tmp_path: Path) -> None:
    from sigfix.verifying.inputs.samples import load_samples

    place = None if make is None else tmp_path / make
    if make == "folder":
        place.mkdir()
    elif place is not None:
        place.write_bytes(b"no picture")
    with pytest.raises(UsageError, match=words):
        load_samples(place, IMAGES, card)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_loss": 0.1}, "--max-loss says what quantising may change"),
        ({"samples": Path("a.npz")}, "--samples says what --quantize auto measures on"),
        ({"quantize": "uint8", "samples": Path("a.npz")}, "--samples says what --quantize auto"),
        ({"quantize": "uint8", "max_loss": 1.5}, "expected a part of 1"),
        ({"quantize": "auto", "max_loss": 3.0}, "expected a part of 1"),
        ({"quantize": "uint4"}, "expected one of uint8, mixed, uint16, float16, auto"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, words: str, tmp_path: Path) -> None:
    from sigfix import ConvertOptions, convert

    with pytest.raises(UsageError, match=words):
        convert("crnn_vgg16_bn", tmp_path / "web", ConvertOptions(**options))


@pytest.mark.parametrize(
    ("preset", "samples", "words"),
    [
        ("crnn_vgg16_bn", "broken.png", "not a readable picture"),
        ("crnn_vgg16_bn", "broken.npz", "cannot be read as an .npz file"),
    ],
)
def test_unusable_samples_are_said_before_anything_is_built(
    preset: str, samples: str | None, words: str, tmp_path: Path
) -> None:
    from sigfix import ConvertOptions, convert

    place = None if samples is None else tmp_path / samples
    if place is not None:
        place.write_bytes(b"neither")
    said: list[str] = []
    options = ConvertOptions(quantize="auto", samples=place)
    with pytest.raises(UsageError, match=words):
        convert(preset, tmp_path / "web", options, said.append)
    assert not said
