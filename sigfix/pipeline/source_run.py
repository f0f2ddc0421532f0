"""What the source of a conversion computes, for the result to be compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sigfix.card import Card
from sigfix.errors import NotVerifiedError
from sigfix.model import TensorSpec
from sigfix.pipeline.prepare import Prepared
from sigfix.presets import DETECTION
from sigfix.processes import started

RUNNER = "sigfix.verifying.onnx_child"
BATCHES = (1, 4)

Arrays = dict[str, Any]


@dataclass(frozen=True)
class SourceRun:
    """Inputs by signature key, and what waits for the source's outputs.

    `outputs` raises `NotVerifiedError` where the source cannot be run with them.
    """

    inputs_list: list[Arrays]
    outputs: Callable[[], list[Arrays]]


@contextmanager
def started_source(
    prepared: Prepared, specs: Mapping[str, TensorSpec], inputs_file: Path | None
) -> Iterator[SourceRun]:
    """Run the source on seeded inputs, or on those of `inputs_file`.

    An ONNX file is run in a process of its own, beside what the block does; a SavedModel by
    TensorFlow here, once its outputs are asked for.

    Raises `UsageError` for a file that does not fit the model.
    """
    try:
        inputs_list = _inputs(specs, inputs_file, prepared.card)
    except NotVerifiedError as error:
        yield SourceRun([], _raising(error))
        return
    if prepared.onnx_file is None:
        from sigfix.verifying import saved_model

        yield SourceRun(
            inputs_list,
            lambda: saved_model.run(prepared.model, inputs_list, prepared.signature, prepared.tags),
        )
        return
    fed = [_as_onnx(inputs, prepared) for inputs in inputs_list]
    with started(RUNNER, {"file": prepared.onnx_file, "inputs_list": fed}) as child:
        yield SourceRun(inputs_list, lambda: _outputs(child.answer()))


def _raising(error: NotVerifiedError) -> Callable[[], list[Arrays]]:
    def outputs() -> list[Arrays]:
        raise error

    return outputs


def _inputs(
    specs: Mapping[str, TensorSpec], inputs_file: Path | None, card: Card | None
) -> list[Arrays]:
    from sigfix.verifying.inputs import load_inputs, seeded_inputs

    if inputs_file is not None:
        return [load_inputs(inputs_file, specs)]
    dynamic = any(s.shape and s.shape[0] is None for s in specs.values())
    several = dynamic and (card is None or card.task != DETECTION)  # pages come one at a time
    return [seeded_inputs(specs, batch) for batch in (BATCHES if several else BATCHES[:1])]


def _as_onnx(inputs: Arrays, prepared: Prepared) -> Arrays:
    """Inputs of the signature with the names and the layout of the ONNX file."""
    import numpy as np

    from sigfix.planning.names import signature_keys

    fed = {name: inputs[key] for name, key in signature_keys(prepared.inputs).items()}
    turned = {
        name: np.ascontiguousarray(np.moveaxis(fed[name], -1, 1)) for name in prepared.channels_last
    }
    return fed | turned


def _outputs(answer: dict[str, Any]) -> list[Arrays]:
    from sigfix.planning.names import signature_keys

    if "error" in answer:
        raise NotVerifiedError(f"ONNX Runtime did not run: {answer['error']}.")
    return [
        {key: outputs[name] for name, key in signature_keys(outputs).items()}
        for outputs in answer["outputs_list"]
    ]
