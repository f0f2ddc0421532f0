"""Folders with weights of docTR's models, as a trainer of torch saves them."""

from __future__ import annotations

from typing import Any

from tests.environments import ROOT

SAMPLES = ROOT / "examples" / "weights"
DETECTOR, RECOGNISER = "db_mobilenet_v3_large", "crnn_mobilenet_v3_small"


def _sample(name: str, file: str) -> None:
    import safetensors.torch
    import torch

    stored = safetensors.torch.load_file(SAMPLES / f"{name}.fp16.safetensors")
    torch.save({key: value.float() for key, value in stored.items()}, file)


def samples() -> None:
    """`det.pt` and `reco.pt`: db_mobilenet_v3_large and crnn_mobilenet_v3_small, trained."""
    _sample(DETECTOR, "det.pt")
    _sample(RECOGNISER, "reco.pt")


def _run(*words: str) -> None:
    from tests.cli.running import run

    assert run(*words) == 0


def recogniser() -> None:
    """`model`, a SavedModel of the sample recogniser that sigfix made, with its card."""
    samples()
    _run("repair", "--preset", RECOGNISER, "--weights", "reco.pt", "-o", "model")


def converted_detector() -> None:
    """The same weights, and the detector as TensorFlow.js has it: `det-web`."""
    samples()
    _run("convert", DETECTOR, "--weights", "det.pt", "--tfjs", "-o", "det-web")


def converted_both() -> None:
    """Both as TensorFlow.js has them: `det-web` and `reco-web`."""
    converted_detector()
    _run("convert", RECOGNISER, "--weights", "reco.pt", "--tfjs", "-o", "reco-web")


def _seeded(name: str, vocabulary: str | None = None) -> Any:
    from sigfix.importing.doctr import RANDOM, build_model
    from sigfix.presets import PRESETS

    return build_model(PRESETS[name], RANDOM, 1, vocabulary).module


def _save(module: Any, file: str) -> None:
    import torch

    torch.save(module.state_dict(), file)


def crnn() -> None:
    """`my.pt`: a crnn_vgg16_bn of a seed."""
    _save(_seeded("crnn_vgg16_bn"), "my.pt")


def sample_and_german() -> None:
    """`det.pt`, the sample detector, and `reco.pt`, a parseq of a seed for German characters."""
    _sample(DETECTOR, "det.pt")
    _save(_seeded("parseq", "german"), "reco.pt")


def german_parseq() -> None:
    """`my.pt`: a parseq of a seed, for docTR's German characters."""
    _save(_seeded("parseq", "german"), "my.pt")


def exported_sar() -> None:
    """`sar.onnx`: docTR's own export of a sar_resnet31 of a seed."""
    import torch
    from doctr.models.utils import export_model_to_onnx

    module = _seeded("sar_resnet31")
    module.exportable = True
    export_model_to_onnx(module, "sar", dummy_input=torch.zeros(1, 3, 32, 128))


def like_linknet() -> None:
    """`model`: an image of 1024 x 1024, channels first, to logits of each pixel."""
    import tensorflow as tf

    module = tf.Module()
    module.kernel = tf.Variable(tf.random.stateless_normal([1, 1, 3, 1], [1, 2]))

    def serve(pixels: Any) -> Any:
        seen = tf.nn.conv2d(tf.transpose(pixels, [0, 2, 3, 1]), module.kernel, 1, "SAME")
        return {"out": tf.transpose(seen, [0, 3, 1, 2])}

    spec = tf.TensorSpec([None, 3, 1024, 1024], tf.float32, name="pixels")
    module.serve = tf.function(serve, input_signature=[spec])
    tf.saved_model.save(module, "model", signatures=module.serve)
