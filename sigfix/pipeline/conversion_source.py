"""What the source of a conversion computes, for the result to be compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sigfix.card import Card
from sigfix.model import TensorSpec
from sigfix.pipeline.prepare import Prepared
from sigfix.planning.edits import InputPlan
from sigfix.planning.names import by_keys, signature_keys
from sigfix.planning.traces import TO_NCHW
from sigfix.presets import DETECTION
from sigfix.verifying.checking import REPEATS, Side, Source, read_source
from sigfix.verifying.inputs.cases import BATCHES, Case, Given, Limits, made_up
from sigfix.verifying.inputs.given import fit_inputs, read_npz
from sigfix.verifying.runners import onnx, saved_model
from sigfix.verifying.running import started

PAGES = (1, 1)
"""Pages come one at a time: a detector is compared on single ones."""


@contextmanager
def started_source(
    prepared: Prepared, cases: Sequence[Case | Given], seconds: float
) -> Iterator[Callable[[], Source]]:
    """Run the source beside what the block does; what the block gets waits for its answers.

    The waiting raises `NotVerifiedError` where the source cannot be run, or is random.
    """
    side = source_side(prepared)
    with started(side.runnable, cases, REPEATS, seconds) as finish:
        yield lambda: read_source(side, finish(None))


def source_side(prepared: Prepared) -> Side:
    """An ONNX file in ONNX Runtime, or the signature of a SavedModel in TensorFlow."""
    if prepared.onnx_file is None:
        model = saved_model.signature(prepared.model, prepared.tags, prepared.signature)
        return Side(model, restless=prepared.restless)
    names = signature_keys(prepared.inputs)
    orders = dict.fromkeys(prepared.channels_last, TO_NCHW)
    file = onnx.onnx_file(prepared.onnx_file, names, orders)
    return Side(file, onnx.by_signature_keys)


def conversion_cases(
    specs: Mapping[str, TensorSpec],
    inputs_file: Path | None,
    card: Card | None,
    own_names: Sequence[str] = (),
    limits: Mapping[str, Limits] | None = None,
) -> Sequence[Case | Given]:
    """The inputs of `inputs_file`, or made-up ones; pictures as the model's card normalises them.

    `limits` are the least and the largest number of an input, as far as they are known. The file's
    arrays are called as the signature's inputs are, or by an ONNX file's `own_names`.

    Raises `UsageError` for a file that does not fit the model, `NotVerifiedError` where nothing
    can be made up.
    """
    if inputs_file is not None:
        given = by_keys(read_npz(inputs_file), own_names)
        return [Given(fit_inputs(given, specs, str(inputs_file)))]
    plans = [InputPlan(name, spec.dtype, spec.shape, name) for name, spec in specs.items()]
    batches = PAGES if card is not None and card.task == DETECTION else BATCHES
    scale = None if card is None else (tuple(card.mean), tuple(card.std))
    return made_up(plans, batches=batches, normalise=scale, limits=limits)
