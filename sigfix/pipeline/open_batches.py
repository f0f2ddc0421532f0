"""An ONNX file whose open axes take some sizes alone: those of its export are inside.

PyTorch's exporters write down a batch, or a number of tokens, that a module computed with in
Python. ONNX Runtime then refuses every other, somewhere in the middle.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sigfix.pipeline.conversion_options import ConvertOptions
from sigfix.pipeline.prepared import Prepared

if TYPE_CHECKING:  # at run time they need numpy and more, and some commands do without
    import onnx

    from sigfix.verifying.runnable import RefusedError


@contextmanager
def told_sizes(prepared: Prepared, options: ConvertOptions) -> Iterator[None]:
    """Name the sizes to fix where ONNX Runtime refuses made-up inputs of a file with open axes."""
    from sigfix.verifying.runnable import CannotRunError, RefusedError

    try:
        yield
    except RefusedError as error:
        told = options.inputs is not None or prepared.onnx_file is None
        hint = None if told else _hint(prepared, error)
        if hint is None:
            raise
        raise CannotRunError(*hint) from error


def _hint(prepared: Prepared, error: RefusedError) -> tuple[str, str] | None:
    """What to say instead, and what to try; None where only a batch is open that is not it."""
    import numpy as np
    import onnx

    from sigfix.importing.advice import YOURS, sizes_option
    from sigfix.importing.onnx_graph import graph_inputs, shape_of

    assert prepared.onnx_file is not None
    model = onnx.load(prepared.onnx_file, load_external_data=False)
    took = {len(np.atleast_1d(value)) for case in error.accepted for value in case.values()}
    batch = _one_batch(graph_inputs(model)) if error.accepted and 1 in took else ""
    if batch:
        return f"It takes a batch of 1 alone: {error.message}", batch
    if all(None not in shape_of(value)[1:] for value in graph_inputs(model)):
        return None
    option = (sizes_option(model, batch_too=True) or "").removesuffix(YOURS).rstrip()
    return error.message, (
        f"{option}   # with the sizes of its export, where those are inside; --inputs FILE.npz "
        "compares real inputs, --no-verify writes it unchecked"
    )


def _one_batch(values: list[onnx.ValueInfoProto]) -> str:
    """`--input 'x=float32[1,3,?,?]'` for every input whose first axis is open."""
    from sigfix.importing.advice import input_option
    from sigfix.importing.onnx_graph import shape_of

    shapes = [(value, shape_of(value)) for value in values]
    opened = [(value, shape) for value, shape in shapes if shape and shape[0] is None]
    return " ".join(input_option(value, [1, *shape[1:]]) for value, shape in opened)
