"""The inputs and outputs of a new signature: recorded specs, changed by what the user chose."""

from __future__ import annotations

from dataclasses import replace

from sigfix.errors import BlockedError
from sigfix.model import Shape, covers, format_shape
from sigfix.planning.choices import Choices, InputChoice
from sigfix.planning.edits import CONVENTION, OPTION, TRACE, BoundInput, InputPlan, OutputPlan
from sigfix.planning.flatten import FlatTensor
from sigfix.planning.names import make_unique
from sigfix.planning.steps import Activation, Cast, Normalize, Step, Transpose
from sigfix.planning.traces import (
    TO_NCHW,
    TO_NHWC,
    assign_inputs,
    is_bound,
    layout_for,
)
from sigfix.planning.widening import can_be_widened, widens
from sigfix.quoting import quote

FLOATS = ("float16", "bfloat16", "float32", "float64")


def _permute(shape: Shape, permutation: tuple[int, ...]) -> Shape:
    return None if shape is None else tuple(shape[index] for index in permutation)


def _is_image(shape: Shape) -> bool:
    return shape is not None and len(shape) == 4


def plan_inputs(
    tensors: list[FlatTensor], choices: Choices, origin: str = TRACE
) -> tuple[tuple[InputPlan, ...], tuple[BoundInput, ...]]:
    """The new inputs and the bound ones.

    Raises `BlockedError` where a choice contradicts what the function accepts.
    """
    assigned = assign_inputs(choices, tensors)
    _check_normalize(choices, tensors)
    inputs, bound = [], []
    for tensor in tensors:
        if is_bound(tensor, choices):
            bound.append(_bind(tensor, choices))
        else:
            choice = assigned.get(tensor.position)
            inputs.append(_plan_input(tensor, choice, choices, origin, len(tensors) == 1))
    renames = dict(choices.rename)
    inputs = [
        replace(item, name=renames[item.name], name_origin=OPTION) if item.name in renames else item
        for item in inputs
    ]
    if len({item.name for item in inputs}) < len(inputs):
        raise BlockedError(
            "Two inputs would have the same name: " + ", ".join(item.name for item in inputs) + ".",
            "give each its own with --input NEW:OLD or --rename OLD=NEW",
        )
    return tuple(inputs), tuple(bound)


def _is_normalized(tensor: FlatTensor, choices: Choices, is_only: bool) -> bool:
    """Whether `--normalize` is about this input: the one named, else every image or the only."""
    if choices.normalize is None:
        return False
    named = choices.normalize.input
    if named is not None:
        return named in (tensor.name, tensor.path)
    return is_only or _is_image(tensor.spec.shape)


def _check_normalize(choices: Choices, tensors: list[FlatTensor]) -> None:
    if choices.normalize is None:
        return
    if not any(_is_normalized(item, choices, len(tensors) == 1) for item in tensors):
        raise BlockedError(
            f"--normalize: there is no input {choices.normalize.input}."
            if choices.normalize.input
            else "--normalize: none of the inputs is an image (rank 4), and there are several.",
            "--normalize INPUT:mean,std, with one of: " + ", ".join(item.name for item in tensors),
        )


def _target(tensor: FlatTensor) -> str:
    """A flat position, or for a graph tensor (negative position) its name."""
    if tensor.merged:
        return tensor.merged
    return tensor.spec.name if tensor.position < 0 else str(tensor.position)


def _plan_input(
    tensor: FlatTensor,
    choice: InputChoice | None,
    choices: Choices,
    origin: str,
    is_only: bool,
) -> InputPlan:
    recorded = tensor.spec
    steps: list[Step] = []
    inner_shape = recorded.shape
    outer_shape = inner_shape
    layout = layout_for(choices, tensor)
    if layout is not None:
        permutation = TO_NCHW if layout == "nhwc" else TO_NHWC
        inverse = TO_NHWC if layout == "nhwc" else TO_NCHW
        outer_shape = _permute(inner_shape, inverse)
        steps.append(Transpose(permutation))
    shape, dtype = outer_shape, recorded.dtype
    if choice is not None and choice.has_shape:
        opened = can_be_widened(tensor) and widens(outer_shape, choice.shape)
        if not opened and not covers(outer_shape, choice.shape):
            raise BlockedError(
                f"--input {choice.name}: {format_shape(choice.shape)} does not fit "
                f"{format_shape(outer_shape)}, which is what {tensor.path} accepts.",
                "of what is static a batch of 1 alone can be opened, of one function",
            )
        shape = choice.shape
    wanted = choices.normalize
    if wanted is not None and _is_normalized(tensor, choices, is_only):
        if recorded.dtype not in FLOATS:
            raise BlockedError(f"--normalize: {tensor.path} is {recorded.dtype}, not a float.")
        channels_last = inner_shape if layout == "nchw" else shape
        _check_channels(tensor, max(len(wanted.mean), len(wanted.std)), channels_last)
        step = Normalize(wanted.mean, wanted.std, wanted.scale)
        steps.insert(1 if layout == "nchw" else 0, step)
    if choice is not None and choice.dtype is not None and choice.dtype != recorded.dtype:
        if "string" in (choice.dtype, recorded.dtype):
            raise BlockedError(
                f"--input {choice.name}: {recorded.dtype} and {choice.dtype} cannot be cast "
                "into each other."
            )
        dtype = choice.dtype
        steps.insert(0, Cast(recorded.dtype))
    return InputPlan(
        name=choice.name if choice is not None else tensor.name,
        dtype=dtype,
        shape=shape,
        target=_target(tensor),
        was=f"{tensor.path}: {recorded}",
        steps=tuple(steps),
        origin=OPTION if choice is not None and (choice.dtype or choice.has_shape) else origin,
        name_origin=OPTION
        if choice is not None
        else (origin if tensor.name in tensor.path or tensor.name in recorded.name else CONVENTION),
        component=tensor.component,
    )


def _check_channels(tensor: FlatTensor, wanted: int, shape: Shape) -> None:
    if wanted == 1 or shape is None or (shape and shape[-1] in (None, wanted)):
        return
    raise BlockedError(
        f"--normalize has {wanted} channels, and the last dimension of {tensor.path} is not "
        f"{wanted} in {format_shape(shape)}.",
        "--layout nhwc   # brings the channels to the end",
    )


def _bind(tensor: FlatTensor, choices: Choices) -> BoundInput:
    value = next(value for name, value in choices.bind if name in tensor.called)
    dtype = tensor.spec.dtype
    fits = {
        "bool": isinstance(value, bool),
        "string": isinstance(value, str),
    }.get(
        dtype, isinstance(value, (int, float)) and (dtype in FLOATS or not isinstance(value, float))
    )
    if not fits:
        truth = "true" if value == 1 else "false"  # 0 was meant as false
        example = {"bool": truth, "string": "TEXT"}.get(dtype, "1.0" if dtype in FLOATS else "1")
        raise BlockedError(
            f"--bind {tensor.name}={value}: {tensor.path} is {dtype}.",
            "--bind " + quote(f"{tensor.name}={example}"),
        )
    shape = tensor.spec.shape
    if shape is None:
        shape = ()
    if None in shape:
        raise BlockedError(
            f"--bind {tensor.name}: {tensor.path} has dynamic dimensions {format_shape(shape)}, "
            "and a constant has none.",
        )
    return BoundInput(_target(tensor), dtype, shape, value, was=f"{tensor.path}: {tensor.spec}")


def plan_outputs(
    tensors: list[FlatTensor], choices: Choices, origin: str = TRACE
) -> tuple[OutputPlan, ...]:
    """The new outputs: transposed, chosen and renamed, then appended to and dropped.

    `--append` and `--drop-output` understand the new names, and the old ones too. Raises
    `BlockedError`.
    """
    recorded = [_plan_output(tensor, choices, origin) for tensor in tensors]
    known = {item.name: item for item in recorded}
    outputs = _chosen(recorded, tensors, choices) if choices.outputs else recorded
    renames = dict(choices.rename)
    outputs = [
        replace(item, name=renames[item.name], origin=OPTION) if item.name in renames else item
        for item in outputs
    ]
    sources = {item.source: item for item in outputs}
    known = {name: sources.get(item.source, item) for name, item in known.items()}
    known.update({item.name: item for item in outputs})
    appended = []
    for append in choices.append:
        if append.output not in known:
            raise _unknown_output("--append", append.output, known)
        appended.append(_append(known[append.output], append.name, append.kind))
        known[append.name] = appended[-1]
    dropped = set()
    for name in choices.drop_outputs:
        if name not in known:
            raise _unknown_output("--drop-output", name, known)
        dropped.add(known[name].name)
    outputs = [item for item in outputs if item.name not in dropped] + appended
    names = [item.name for item in outputs]
    if make_unique(names) != names:
        raise BlockedError(
            "Two outputs would have the same name: " + ", ".join(names) + ".",
            "give each its own with --rename OLD=NEW",
        )
    if not outputs:
        raise BlockedError("No output is left.", "keep one: drop fewer with --drop-output")
    return tuple(outputs)


def _plan_output(tensor: FlatTensor, choices: Choices, origin: str) -> OutputPlan:
    layout = layout_for(choices, tensor)
    shape = tensor.spec.shape
    if layout is None:
        return OutputPlan(tensor.name, tensor.spec.dtype, shape, _target(tensor), (), origin)
    order = TO_NHWC if layout == "nhwc" else TO_NCHW
    steps = (Transpose(order),)
    turned = _permute(shape, order)
    return OutputPlan(tensor.name, tensor.spec.dtype, turned, _target(tensor), steps, origin)


def _chosen(
    recorded: list[OutputPlan], tensors: list[FlatTensor], choices: Choices
) -> list[OutputPlan]:
    """The outputs that `--output` names, under the names that it gives them."""
    chosen = []
    for name, source in choices.outputs:
        found = next(
            (
                item
                for item, tensor in zip(recorded, tensors, strict=True)
                if source in (item.name, tensor.path, tensor.spec.name)
            ),
            None,
        )
        if found is None:
            raise _unknown_output("--output", source, {item.name: item for item in recorded})
        chosen.append(replace(found, name=name, origin=OPTION))
    return chosen


def _append(base: OutputPlan, name: str, kind: str) -> OutputPlan:
    if base.dtype not in FLOATS and kind != "argmax":
        raise BlockedError(f"--append {name}={kind}({base.name}): it is {base.dtype}, not a float.")
    shape, dtype = base.shape, base.dtype
    if kind == "argmax":
        dtype = "int64"
        shape = None if shape is None else shape[:-1]
    if base.shape == ():
        raise BlockedError(f"--append {name}={kind}({base.name}): it is a scalar.")
    return OutputPlan(name, dtype, shape, base.source, (*base.steps, Activation(kind)), OPTION)


def _unknown_output(option: str, name: str, known: dict[str, OutputPlan]) -> BlockedError:
    return BlockedError(
        f"{option}: there is no output {name}.", "there are: " + ", ".join(sorted(known))
    )
