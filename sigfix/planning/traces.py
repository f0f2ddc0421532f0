"""Which trace of a function: by what the user asked for, else the one that covers the others."""

from __future__ import annotations

from dataclasses import dataclass

from sigfix.errors import BlockedError
from sigfix.model import Function, GraphFunction, Literal, Shape, TensorSpec, Trace, covers
from sigfix.planning.choices import Choices, InputChoice
from sigfix.planning.edits import Candidate
from sigfix.planning.flatten import FlatTensor, flat_inputs, literal_arguments
from sigfix.planning.widening import can_be_widened, widens
from sigfix.quoting import quote

TO_NCHW, TO_NHWC = (0, 3, 1, 2), (0, 2, 3, 1)
"""Permutations from NHWC to NCHW and back."""

CHOOSE = "choose it with "
"""Before the options of `repair` that choose something else."""

TRAINING_FLAGS = frozenset({"training", "is_training", "train", "trainable"})


@dataclass(frozen=True)
class Ambiguous:
    """Several answers, the likeliest first, what is to be chosen, and how to take several."""

    reason: str
    candidates: tuple[Candidate, ...]
    hint: str = ""


class Undecided(BlockedError):
    """Several answers: `planner.plan` tells them, and whoever asks for one alone refuses."""

    def __init__(self, ambiguous: Ambiguous) -> None:
        ways = "; ".join(candidate.choose for candidate in ambiguous.candidates[:6])
        super().__init__(ambiguous.reason, ambiguous.hint or ways or None)
        self.ambiguous = ambiguous


def layout_for(choices: Choices, tensor: FlatTensor) -> str | None:
    """The `--layout` that holds for a tensor: of those named, or of all, images alone."""
    named = not choices.layout_of or any(
        name in (tensor.name, tensor.path) for name in choices.layout_of
    )
    shape = tensor.spec.shape
    return choices.layout if named and shape is not None and len(shape) == 4 else None


def inside(shape: Shape, layout: str | None) -> Shape:
    """An outer shape as the function sees it: `--layout` transposes images at the edge."""
    if layout is None or shape is None or len(shape) != 4:
        return shape
    order = TO_NCHW if layout == "nhwc" else TO_NHWC
    return tuple(shape[index] for index in order)


def _literals(function: Function, trace: Trace) -> dict[str, object]:
    return {
        item.path: item.value.value
        for item in literal_arguments(function, trace)
        if isinstance(item.value, Literal)
    }


def _is_training(function: Function, trace: Trace) -> bool:
    values = _literals(function, trace)
    return any(values.get(flag) is True for flag in TRAINING_FLAGS)


def _has_defaults(function: Function, trace: Trace, bound: set[str]) -> bool:
    """Whether a trace was made with the defaults of every argument that `--bind` leaves open."""
    names = function.argument_names[len(function.argument_names) - len(function.defaults) :]
    recorded = [*zip(names, function.defaults, strict=False), *function.keyword_defaults]
    defaults = {
        name: item.value
        for name, item in recorded
        if isinstance(item, Literal) and name not in bound
    }
    values = _literals(function, trace)
    return bool(defaults) and all(
        values[name] == value for name, value in defaults.items() if name in values
    )


def _fits_bindings(function: Function, trace: Trace, choices: Choices) -> bool:
    values = _literals(function, trace)
    return all(values[name] == value for name, value in choices.bind if name in values)


def matches(choice: InputChoice, tensor: FlatTensor) -> bool:
    """Whether an `--input` means this argument: by name, Python path or spec name."""
    wanted = choice.target or choice.name
    return wanted in (tensor.name, tensor.path, tensor.spec.name, str(tensor.position))


def assign_inputs(choices: Choices, tensors: list[FlatTensor]) -> dict[int, InputChoice]:
    """Flat position -> the `--input` that is about it; a lone one may rename a lone argument."""
    free = [tensor for tensor in tensors if not is_bound(tensor, choices)]
    assigned: dict[int, InputChoice] = {}
    for choice in choices.inputs:
        found = [tensor for tensor in free if matches(choice, tensor)]
        if not found and choice.target is None and len(free) == len(choices.inputs) == 1:
            found = free
        if not found:
            known = ", ".join(f"{tensor.name} ({tensor.spec})" for tensor in free) or "none"
            raise BlockedError(
                f"--input {choice.name}: there is no such input; there are: {known}.",
                "--input NEWNAME:OLDNAME=dtype[shape] renames one",
            )
        assigned[found[0].position] = choice
    return assigned


def is_bound(tensor: FlatTensor, choices: Choices) -> bool:
    """Whether `--bind` gives this argument a constant value."""
    return any(name in tensor.called for name, _ in choices.bind)


def _fits_inputs(tensors: list[FlatTensor], choices: Choices, widened: bool = False) -> bool:
    """Whether a trace has what `--input` names, and takes its shapes, or once it is `widened`."""
    try:
        assigned = assign_inputs(choices, tensors)
    except BlockedError:
        return False
    known = {tensor.position: tensor for tensor in tensors}

    def fits(tensor: FlatTensor, choice: InputChoice) -> bool:
        wanted = inside(choice.shape, layout_for(choices, tensor))
        opened = widened and can_be_widened(tensor) and widens(tensor.spec.shape, wanted)
        return not choice.has_shape or opened or covers(tensor.spec.shape, wanted)

    return all(fits(known[position], choice) for position, choice in assigned.items())


def _has_dtypes(tensors: list[FlatTensor], choices: Choices) -> bool:
    """Whether a trace takes the dtypes that `--input` names: another one is cast."""
    own = {tensor.position: tensor.spec.dtype for tensor in tensors}
    assigned = assign_inputs(choices, tensors).items()
    return all(choice.dtype in (None, own[position]) for position, choice in assigned)


def _names_all(tensors: list[FlatTensor], choices: Choices) -> bool:
    """Whether each tensor of a trace is one that `--input` names, or that `--bind` gives."""
    free = [tensor for tensor in tensors if not is_bound(tensor, choices)]
    return len(assign_inputs(choices, tensors)) == len(free)


def _generality(tensors: list[FlatTensor]) -> int:
    """How many dimensions are open; an unknown rank counts for many."""
    return sum(
        100 if tensor.spec.shape is None else sum(size is None for size in tensor.spec.shape)
        for tensor in tensors
    )


def _openness(tensors: list[FlatTensor]) -> str:
    if any(tensor.spec.shape is None for tensor in tensors):
        return "takes any rank"
    count = _generality(tensors)
    return f"{count} open dimension" + ("" if count == 1 else "s")


def _covers_all(one: list[FlatTensor], other: list[FlatTensor]) -> bool:
    return len(one) == len(other) and all(
        wide.spec.dtype == narrow.spec.dtype and covers(wide.spec.shape, narrow.spec.shape)
        for wide, narrow in zip(one, other, strict=True)
    )


def describe(function: Function, trace: Trace, tensors: list[FlatTensor]) -> str:
    """`x: float32[?,4], training=False`."""
    parts = [f"{tensor.name}: {tensor.spec}" for tensor in tensors]
    parts += [f"{item.path}={item.value}" for item in literal_arguments(function, trace)]
    return ", ".join(parts) or "no arguments"


def choose_trace(
    function: Function, graph_functions: dict[str, GraphFunction], choices: Choices
) -> Trace | Ambiguous:
    """The one trace that the choices and the evidence leave, or the ones to choose from.

    Training traces lose against others, and traces of other Python values than the recorded
    defaults against those of the defaults; identical ones count once; a trace that accepts all that
    the others accept wins. Raises `BlockedError` where none can do what was asked.
    """
    flat: list[tuple[Trace, list[FlatTensor]]] = []
    problem: BlockedError | None = None
    for trace in function.traces:
        graph = graph_functions.get(trace.name)
        if graph is None:
            continue
        try:
            flat.append((trace, flat_inputs(function, trace, graph)))
        except BlockedError as error:
            problem = error
    if not flat:
        raise problem or BlockedError(f"{function.path} has no trace that could be called.")
    fitting = [item for item in flat if _fits_bindings(function, item[0], choices)]
    if not fitting:
        raise BlockedError(
            f"No trace of {function.path} has what --bind asks for.",
            "the traces: "
            + "; ".join(describe(function, trace, tensors) for trace, tensors in flat),
        )
    if choices.inputs:
        shaped = [item for item in fitting if _fits_inputs(item[1], choices)] or [
            item for item in fitting if _fits_inputs(item[1], choices, widened=True)
        ]
        if not shaped:
            return _only_or_refuse(function, fitting, choices)
        named = [item for item in shaped if _names_all(item[1], choices)]
        fitting = named or shaped
        fitting = [item for item in fitting if _has_dtypes(item[1], choices)] or fitting
    inference = [item for item in fitting if not _is_training(function, item[0])]
    fitting = inference or fitting
    bound = {name for name, _ in choices.bind}
    usual = [item for item in fitting if _has_defaults(function, item[0], bound)]
    fitting = usual or fitting
    by_text: dict[str, tuple[Trace, list[FlatTensor]]] = {}
    for item in fitting:
        by_text.setdefault(describe(function, *item), item)
    distinct = list(by_text.values())
    distinct.sort(key=lambda item: -_generality(item[1]))
    best, tensors = distinct[0]
    same_literals = all(
        _literals(function, best) == _literals(function, trace) for trace, _ in distinct
    )
    if same_literals and all(_covers_all(tensors, other) for _, other in distinct):
        return best
    return Ambiguous(
        f"{function.path} has {len(distinct)} traces, and none accepts what the others do.",
        tuple(_candidate(function, trace, tensors) for trace, tensors in distinct),
    )


def other_values(
    function: Function, graph_functions: dict[str, GraphFunction], taken: str
) -> tuple[str, ...]:
    """How traces of other Python values than the one called `taken` are chosen, the first few.

    Of traces of the same values one is told.
    """
    known = [trace for trace in function.traces if trace.name in graph_functions]
    own = [_literals(function, trace) for trace in known if trace.name == taken]
    found: dict[str, str] = {}
    for trace in known:
        values = _literals(function, trace)
        if not own or values == own[0]:
            continue
        try:
            tensors = flat_inputs(function, trace, graph_functions[trace.name])
        except BlockedError:
            continue  # it cannot be called
        found.setdefault(repr(values), _candidate(function, trace, tensors).choose)
    return tuple(found.values())[:3]


def taken_values(function: Function, taken: str) -> str:
    """`training=False, mask=None`: the Python values of the trace called `taken`."""
    return ", ".join(
        f"{item.path}={item.value}"
        for trace in function.traces
        if trace.name == taken
        for item in literal_arguments(function, trace)
    )


def _only_or_refuse(
    function: Function, flat: list[tuple[Trace, list[FlatTensor]]], choices: Choices
) -> Trace:
    """No trace accepts the asked shapes: say so (an unknown name is said by `assign_inputs`)."""
    for _, tensors in flat:
        assign_inputs(choices, tensors)
    raise BlockedError(
        f"No trace of {function.path} accepts the shape that --input asks for: of a trace's own "
        "static dimensions a batch of 1 alone can be opened.",
        "the traces: " + "; ".join(describe(function, trace, tensors) for trace, tensors in flat),
    )


def _candidate(function: Function, trace: Trace, tensors: list[FlatTensor]) -> Candidate:
    literals = [
        "--bind " + quote(f"{name}={str(value).lower() if isinstance(value, bool) else value}")
        for name, value in _literals(function, trace).items()
        if value is not None
    ]
    shapes = ["--input " + quote(f"{tensor.name}={_spec(tensor.spec)}") for tensor in tensors]
    return Candidate(
        f"{function.path}({describe(function, trace, tensors)})",
        " ".join([f"--function {quote(function.path)}", *literals, *shapes]),
        (_openness(tensors),),
    )


def _spec(spec: TensorSpec) -> str:
    return str(spec)
