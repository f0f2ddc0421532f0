"""A docTR preset's stages, each against the one before: PyTorch, ONNX Runtime, SavedModel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from sigfix.errors import NotVerifiedError, ParityError
from sigfix.importing.onnx_graph import EXPORTED_OUTPUT
from sigfix.model import DEFAULT_SERVING_KEY
from sigfix.planning.edits import InputPlan
from sigfix.planning.traces import TO_NCHW
from sigfix.presets import Preset
from sigfix.verifying.arrays import Arrays
from sigfix.verifying.checking import (
    Check,
    Side,
    Source,
    finish,
    given_and_tried,
    judge,
    not_comparable,
    only_call,
    verify,
)
from sigfix.verifying.inputs.cases import BATCHES, Case, Given, made_up
from sigfix.verifying.noise import Witness
from sigfix.verifying.runnable import DEFAULT_SECONDS
from sigfix.verifying.runners import onnx
from sigfix.verifying.runners.saved_model import signature_by_loaders
from sigfix.verifying.running import run
from sigfix.verifying.ties import ties_of
from sigfix.verifying.tolerances import of_preset
from sigfix.verifying.verdict import Verification

PYTORCH = "docTR (PyTorch)"
PAGES = (1, 1)
"""Pages come one at a time, words in numbers: a detector is compared on single ones."""


def made_up_images(preset: Preset, normalize: bool = False) -> list[Case]:
    """Images as the preset takes them: `input`, float32 [batch, height, width, 3].

    `normalize` says that the model itself normalises, and takes pixels between 0 and 1.
    """
    image = InputPlan("input", "float32", (None, preset.height, preset.width, 3), "input")
    scale = None if normalize else (preset.mean, preset.std)
    batches = PAGES if preset.is_detector else BATCHES
    return made_up([image], batches=batches, normalise=scale)


def channels_first(images: Arrays) -> Arrays:
    """The same images as PyTorch and ONNX have them: [batch, 3, height, width]."""
    return {name: array.transpose(TO_NCHW).copy() for name, array in images.items()}


def compare_onnx(model: Any, preset: Preset, onnx_file: Path) -> Verification:
    """ONNX Runtime on the exported file, against the docTR model as it is in this process."""
    from sigfix.importing import doctr

    cases = made_up_images(preset)
    fed = [channels_first(next(case.attempts())) for case in cases]
    references = tuple({EXPORTED_OUTPUT: doctr.run(model, images["input"])} for images in fed)
    exported = onnx.onnx_file(onnx_file)
    source = Source(PYTORCH, tuple(fed), references)
    # PyTorch's own rounding cannot be measured from outside: that of its copy stands for it.
    check = Check(
        of_preset(preset),
        ties=ties_of(preset),
        witnesses=lambda: [Witness(exported, (), only_call)],
    )
    try:
        found = run(exported, [Given(images) for images in fed])
    except NotVerifiedError as error:
        return not_comparable(DEFAULT_SERVING_KEY, error)
    results = [only_call(case) for case in found.cases]
    judged = judge(source, onnx.TITLE, [("", results)], check)
    return replace(finish(DEFAULT_SERVING_KEY, judged), **given_and_tried(cases))


def compare_saved_model(
    preset: Preset,
    finished: Path,
    model: Path,
    seconds: float = DEFAULT_SECONDS,
    normalize: bool = False,
) -> Verification:
    """The SavedModel, by both loaders, against ONNX Runtime on the finished ONNX file."""
    source = Side(onnx.onnx_file(finished, {"input": "input"}, {"input": TO_NCHW}))
    result = Side(signature_by_loaders(model, ("serve",), DEFAULT_SERVING_KEY))
    check = Check(of_preset(preset), seconds, ties_of(preset))
    return verify(DEFAULT_SERVING_KEY, source, result, made_up_images(preset, normalize), check)


def require_parity(verification: Verification) -> None:
    """Raise `ParityError` that names the stage that differs, unless all is the same."""
    if verification.ok:
        return
    worst = next((c for c in verification.comparisons if not c.parity.ok), None)
    where = (
        f"{worst.result} differs from {worst.reference} at batch {worst.batch}: " if worst else ""
    )
    raise ParityError(
        f"{where or 'Nothing could be compared: '}{verification.reason}.",
        verification.hint
        or "nothing was written; this is a fault in sigfix or in a package below it",
    )
