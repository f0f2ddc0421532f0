"""The table of kinds: what each is, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.onnx_models import classical, detectors, loops, quantised, recognisers, voices

SYNCHRONOUS, ASYNCHRONOUS = "execute", "executeAsync"


@dataclass(frozen=True)
class Kind:
    """A model that converts; `mode` is how TensorFlow.js runs it. `quick` ones run always.

    On TensorFlow.js's cpu backend it differs by less than `cpu`, a part of the output's range.
    """

    name: str
    build: Callable[[], Any]
    mode: str
    quick: bool = False
    cpu: float = 1e-4


KINDS: tuple[Kind, ...] = (
    Kind("recogniser with attention, open width", recognisers.with_attention, SYNCHRONOUS, True),
    Kind("recogniser with BiLSTM, open width", recognisers.bilstm, ASYNCHRONOUS, True),
    Kind("recogniser with BiLSTM, fixed", lambda: recognisers.bilstm(dynamic=False), SYNCHRONOUS),
    Kind("GRU, open number of steps", recognisers.gru, ASYNCHRONOUS),
    Kind("feature pyramid, open image", recognisers.with_resize, SYNCHRONOUS, True),
    Kind("detector of opset 9", detectors.upsampling, SYNCHRONOUS, True),
    Kind("windows over an open image", detectors.with_open_windows, SYNCHRONOUS),
    Kind("SSD of opset 9", detectors.single_shot, SYNCHRONOUS),
    Kind("YOLO head with NMS", detectors.with_suppression, ASYNCHRONOUS, True),
    Kind("Loop, counted before", loops.counted, SYNCHRONOUS),
    Kind("Loop, counted by an input", loops.counted_by_input, ASYNCHRONOUS, True),
    Kind("Loop until a number is reached", loops.until, ASYNCHRONOUS),
    Kind("Loop that gathers rows", loops.gathering, ASYNCHRONOUS, True),
    Kind("Scan over a fixed length", loops.scanned, SYNCHRONOUS),
    Kind("Scan over an open length", loops.scanned_open, ASYNCHRONOUS),
    Kind("int8 QDQ", quantised.qdq, SYNCHRONOUS, True),
    Kind("int8 QDQ by channel", lambda: quantised.qdq(True), SYNCHRONOUS),
    Kind("int8 weights alone", quantised.weights_only, SYNCHRONOUS),
    Kind("dynamically quantised", quantised.dynamically, SYNCHRONOUS),
    Kind("ONNX Runtime's quantised operators", quantised.qoperators, SYNCHRONOUS),
    # A step of a half is 5e-4 of a number.
    Kind("float16", quantised.half, SYNCHRONOUS, cpu=1e-3),
    Kind("forest of scikit-learn", classical.classifier, SYNCHRONOUS, True),
    Kind("GridSample", classical.warped, SYNCHRONOUS, True),
    Kind("STFT of open sound", classical.spectrum, SYNCHRONOUS, True),
    Kind("float16 inside", lambda: quantised.half(False), SYNCHRONOUS),
)


@dataclass(frozen=True)
class Refused:
    """A model that is refused: what is said (a regular expression), and that a way on leads on."""

    name: str
    build: Callable[[], Any]
    message: str
    quick: bool = False


REFUSED: tuple[Refused, ...] = (
    Refused("voice, If by shape", voices.by_shape, "If .*sizes that are dynamic", True),
    Refused("voice, If by sampling rate", voices.by_rate, "If .*condition depends on sr"),
    Refused("an operator of ONNX Runtime alone", quantised.of_runtime, "com.microsoft.BiasGelu"),
    Refused("scores as dictionaries", lambda: classical.classifier(True), "ZipMap", True),
    Refused("noise inside", classical.noisy, "RandomNormalLike", True),
)
