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


def german_parseq() -> None:
    """`my.pt`: a parseq of a seed, for docTR's German characters."""
    _save(_seeded("parseq", "german"), "my.pt")


def large_pair() -> None:
    """`det.pt`, a fast_base that finds words, and `reco.pt`, a parseq of a seed for German.

    A detector of a seed alone finds ten thousands of places. This one's last layer is fitted to
    where a rendered page has words, which its random features tell well enough.
    """
    import numpy as np
    import torch

    detector = _seeded("fast_base")
    last = detector.prob_head[-1]
    features: list[Any] = []
    hook = last.register_forward_pre_hook(lambda _, given: features.append(given[0]))
    page, words = _page_and_words()
    with torch.inference_mode():
        detector(page)
    hook.remove()
    rows = features[0][0].flatten(1).T.double().numpy()
    shrunk = torch.nn.functional.avg_pool2d(words, page.shape[-1] // features[0].shape[-1])
    wanted = np.where(shrunk.flatten().numpy() > 0.5, 2.0, -12.0)
    gram = rows.T @ rows
    gram += 1e-8 * np.trace(gram) / len(gram) * np.eye(len(gram))
    fitted = np.linalg.solve(gram, rows.T @ wanted[:, None])
    last.weight.data = torch.tensor(fitted.T, dtype=torch.float32)[:, :, None, None]
    _save(detector, "det.pt")
    _save(_seeded("parseq", "german"), "reco.pt")


def _page_and_words() -> tuple[Any, Any]:
    """A rendered page as fast_base's input, and where its words are, letters joined."""
    import numpy as np
    import torch

    from sigfix.presets import PRESETS
    from sigfix.verifying.inputs.pages import rendered_page

    preset = PRESETS["fast_base"]
    picture = rendered_page("abcdefghijklmnopqrstuvwxyz", 1)
    pixels = torch.full((3, 1024, 1024), 0.9)
    drawn = np.asarray(picture, np.float32).transpose(2, 0, 1) / 255
    pixels[:, 12 : 12 + picture.height, 62 : 62 + picture.width] = torch.tensor(drawn)
    dark = (pixels.mean(0) < 0.6).float()[None, None]
    words = torch.nn.functional.max_pool2d(dark, (9, 5), 1, (4, 2))
    mean, std = (torch.tensor(of)[:, None, None] for of in (preset.mean, preset.std))
    return ((pixels - mean) / std)[None], words


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
