"""An ONNX file as it is to be imported: with the sizes and values that the user gives, at an opset
whose operators are supported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, inliner, numpy_helper, version_converter

from sigfix.errors import BlockedError, UsageError
from sigfix.importing import ml_operators
from sigfix.importing.advice import YOURS, input_option
from sigfix.importing.contrib_fused import write_out_fused
from sigfix.importing.contrib_products import as_exact
from sigfix.importing.contrib_quantised import write_out_quantised
from sigfix.importing.inferred_shapes import inferred_shapes
from sigfix.importing.onnx_functions import write_out_functions
from sigfix.importing.onnx_graph import graph_inputs, read_onnx, shape_of
from sigfix.importing.preflight import opset_of, version_of
from sigfix.importing.refusal_reasons import OWN_DOMAINS
from sigfix.importing.supported import SUPPORTED
from sigfix.importing.unsaid_shapes import has_shape, likely_shape, unsaid
from sigfix.planning.names import signature_keys

OPSET = 13
"""What older files are brought to: all operators that sigfix has are supported there."""
OLDEST = 7
"""The first opset that ONNX Runtime has all operators of."""
EXACT = (
    "the file lets ONNX Runtime round the inputs of MatMulNBits to bytes (accuracy_level); it is "
    "compared without that"
)
Sizes = Mapping[str, Sequence[int | None]]


@dataclass(frozen=True)
class Opened:
    """A model to simplify; `reference` is what ONNX Runtime computes, `notes` what was done."""

    model: onnx.ModelProto
    reference: Path
    notes: tuple[str, ...]


def open_onnx(
    path: Path, folder: Path, sizes: Sizes | None = None, bound: Mapping[str, Any] | None = None
) -> Opened:
    """Read an ONNX file; `sizes` and `bound` are by its inputs' names, or their signature keys.

    A file with the sizes and values in it is written to `folder` where there are any. Functions
    that the file brings with it are put in place of their calls, ONNX's operators in place of ONNX
    Runtime's quantised and fused ones.

    Raises `UnreadableModelError`, `UsageError` for inputs that it has not, `BlockedError` where
    the sizes contradict its own, or where it takes empty tensors alone.
    """
    model, reference = read_onnx(path), path
    notes = [EXACT] if as_exact(model) else []
    if sizes or bound or notes:
        bind_inputs(model, _by_own_names(model, bound or {}, "--bind"))
        fix_sizes(model, _by_own_names(model, sizes or {}, "--input"))
        reference = folder / "given.onnx"
        onnx.save(model, reference)
    refuse_unsaid_inputs(model)
    refuse_empty_inputs(model)
    if model.functions:
        model = inliner.inline_local_functions(model)
    model = _of_newer_opset(write_out_functions(model))
    write_out_quantised(model)
    write_out_fused(model, lambda: inferred_shapes(model))
    model, note = upgraded(model)
    if note:
        reference = folder / "upgraded.onnx"
        onnx.save(model, reference)
        notes.append(note)
    return Opened(model, reference, tuple(notes))


def _by_own_names(model: onnx.ModelProto, given: Mapping[str, Any], option: str) -> dict[str, Any]:
    own = [value.name for value in graph_inputs(model)]
    names = {key: name for name, key in signature_keys(own).items()} | {n: n for n in own}
    for name in given:
        if name not in names:
            raise UsageError(
                f"{option} {name}: there is no such input; there are {', '.join(own) or 'none'}."
            )
    return {names[name]: value for name, value in given.items()}


def fix_sizes(model: onnx.ModelProto, sizes: Sizes) -> None:
    """Write sizes into the graph's inputs, in place; what was inferred from others is dropped.

    Raises `BlockedError` where an input has another size, or another number of axes.
    """
    for value in graph_inputs(model):
        wanted = sizes.get(value.name)
        if wanted is None:
            continue
        dims = value.type.tensor_type.shape.dim
        if not has_shape(value):
            for _ in wanted:
                dims.add()
        own = shape_of(value)
        if len(own) != len(wanted) or any(
            o and (w is None or w != o) for o, w in zip(own, wanted, strict=False)
        ):
            raise BlockedError(
                f"--input {value.name}: {_shown(wanted)} does not fit {_shown(own)}, which is what "
                "the file says.",
                "an axis with a size in the file keeps it; export the model again to change it",
            )
        for dim, size in zip(dims, wanted, strict=True):
            if size is not None:
                dim.dim_value = size
            elif dim.HasField("dim_value"):  # a zero that the user knows to be dynamic
                dim.Clear()
    del model.graph.value_info[:]


def _shown(shape: Sequence[int | None]) -> str:
    return "[" + ",".join("?" if size is None else str(size) for size in shape) + "]"


def bind_inputs(model: onnx.ModelProto, bound: Mapping[str, Any]) -> None:
    """Make inputs into constants of these values, in place; dynamic axes are of size one."""
    if not bound:
        return
    kept = []
    for value in model.graph.input:
        if value.name not in bound:
            kept.append(onnx.ValueInfoProto.FromString(value.SerializeToString()))
            continue
        dtype = helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type)
        shape = [1 if size is None else size for size in shape_of(value)]
        constant = np.full(shape, bound[value.name], dtype)
        model.graph.initializer.append(numpy_helper.from_array(constant, value.name))
    del model.graph.input[:]
    model.graph.input.extend(kept)


def refuse_unsaid_inputs(model: onnx.ModelProto) -> None:
    """Raise `BlockedError` for an input without even a number of axes, with a shape to try."""
    shapeless = unsaid(graph_inputs(model))
    if shapeless:
        names = ", ".join(value.name for value in shapeless)
        shapes = [likely_shape(model.graph, value) for value in shapeless]
        options = " ".join(map(input_option, shapeless, shapes))
        raise BlockedError(
            f"The file does not say the shape of {names}, not even how many axes.",
            f"{options}   {YOURS}",
        )


def refuse_empty_inputs(model: onnx.ModelProto) -> None:
    """Raise `BlockedError` for an axis of size 0: ONNX Runtime takes 0 for the size itself."""
    for value in graph_inputs(model):
        shape = shape_of(value)
        if 0 in shape:
            raise BlockedError(
                f"The input {value.name} has the shape {_shown(shape)}: it takes empty tensors "
                "alone, as ONNX Runtime understands it too.",
                input_option(value, [size or None for size in shape])
                + "   # where 0 was meant as any size",
            )


def upgraded(model: onnx.ModelProto) -> tuple[onnx.ModelProto, str]:
    """The model at `OPSET`, and a note, where it has operators from before `OLDEST`.

    As it is, with '', where it has none, or where ONNX cannot convert it. Of newer opsets nothing
    is converted: sigfix has their operators, but a Scan of opset 8, whose batch ONNX's converter
    loses.
    """
    opset = opset_of(model)
    old = _old_operators(model)
    if not old or opset >= OLDEST:
        return model, ""
    try:
        converted = version_converter.convert_version(model, OPSET)
        onnx.checker.check_model(converted)
    except Exception:  # the converter raises many kinds, and the operators are named later
        return model, ""
    if _old_operators(converted):
        return model, ""
    return converted, (
        f"the file's operators of opset {opset} ({', '.join(old)}) are brought to opset {OPSET} by "
        "ONNX's converter, and compared from there: ONNX Runtime has none so old"
    )


def _of_newer_opset(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model at an opset that ai.onnx.ml's operators can be written out in; else as it is.

    scikit-learn's converter writes the oldest opset that what is beside them needs.
    """
    if opset_of(model) >= ml_operators.FIRST or all(
        node.domain != ml_operators.DOMAIN for node in model.graph.node
    ):
        return model
    try:
        return version_converter.convert_version(model, ml_operators.FIRST)
    except Exception:  # it raises many kinds, and the operators are named later
        return model


def _old_operators(model: onnx.ModelProto) -> list[str]:
    """Operators that are supported, but not in the version that the model's opset means."""
    opset = opset_of(model)
    kinds = sorted({n.op_type for n in model.graph.node if n.domain in OWN_DOMAINS})
    return [k for k in kinds if k in SUPPORTED and version_of(k, opset) not in SUPPORTED[k]]
