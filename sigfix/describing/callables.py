"""Traces and signatures as text that reads like a Python signature."""

from __future__ import annotations

from sigfix.model import (
    Function,
    Literal,
    Signature,
    SignatureTensor,
    TensorSpec,
    Trace,
    Value,
    format_shape,
    is_flat,
    leaves,
)


def argument_text(name: str, value: Value) -> str:
    """`x: float32[?,3]` for a tensor, `training=False` for a Python value."""
    if isinstance(value, Literal):
        return f"{name}={value}"
    return f"{name}: {value}"


def trace_arguments(function: Function, trace: Trace) -> list[tuple[str, Value]]:
    """The arguments of a trace with their Python names; `arg0` where the file has no name."""
    names = list(function.argument_names)
    arguments = []
    for index, value in enumerate(trace.args.items):
        fallback = f"*{function.varargs}" if function.varargs else f"arg{index}"
        arguments.append((names[index] if index < len(names) else fallback, value))
    return arguments + list(trace.kwargs.items)


def declaration_text(function: Function) -> str:
    """The arguments as the Python code declares them: `(x, training=False, *, name='a')`.

    A default that is a tensor shows as its spec. '' where the file does not say.
    """
    names = function.argument_names
    required = len(names) - len(function.defaults)
    parts = [
        name if index < required else f"{name}={function.defaults[index - required]}"
        for index, name in enumerate(names)
    ]
    if function.varargs or function.keyword_only:
        parts.append(f"*{function.varargs}")
    defaults = dict(function.keyword_defaults)
    parts += [
        f"{name}={defaults[name]}" if name in defaults else name for name in function.keyword_only
    ]
    if function.varkw:
        parts.append(f"**{function.varkw}")
    return f"({', '.join(parts)})" if parts else ""


def trace_text(function: Function, trace: Trace) -> str:
    """`(x: float32[?,3], training=False) -> {'y': float32[?,1]}`."""
    inner = ", ".join(
        argument_text(name, value) for name, value in trace_arguments(function, trace)
    )
    return f"({inner}) -> {trace.output}"


def signature_tensor_text(tensor: SignatureTensor) -> str:
    """The type of a signature's tensor: `float32[?,3]`, `SparseTensor(float32[?,3])`."""
    if tensor.encoding == "dense":
        return str(tensor.spec)
    sparse = tensor.encoding == "sparse"
    name = "SparseTensor" if sparse else tensor.type_spec.removesuffix("Spec")
    if tensor.spec.dtype == "invalid":  # the file does not say
        return name
    return f"{name}({tensor.spec.dtype}{format_shape(tensor.spec.shape)})"


def signature_text(signature: Signature) -> str:
    """`(x: float32[?,3]) -> {y: float32[?,1]}` for a SignatureDef."""
    inputs = ", ".join(f"{item.key}: {signature_tensor_text(item)}" for item in signature.inputs)
    outputs = ", ".join(f"{item.key}: {signature_tensor_text(item)}" for item in signature.outputs)
    return f"({inputs}) -> {{{outputs}}}"


def non_tensor_arguments(function: Function, trace: Trace) -> list[tuple[str, Value]]:
    """The arguments that are no tensors, by name; a nested one as `options['training']`."""
    found: list[tuple[str, Value]] = []
    for name, value in trace_arguments(function, trace):
        for path, leaf in leaves(value):
            if isinstance(leaf, TensorSpec):
                continue
            found.append((name + "".join(f"[{part!r}]" for part in path), leaf))
    return found


def is_nested(trace: Trace) -> bool:
    """Whether an argument, or what is returned beyond one dict, is a structure or composite."""
    arguments = [*trace.args.items, *(value for _, value in trace.kwargs.items)]
    return any(not is_flat(value) for value in arguments)
