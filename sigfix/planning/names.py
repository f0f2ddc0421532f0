"""Names for inputs and outputs: the author's where there is one, stable and unique always."""

from __future__ import annotations

import re
from collections.abc import Iterable

_GENERIC = re.compile(
    r"(args?|kwargs?|unknown|tensor|placeholder|(stateful)?partitionedcall|identity|const)"
    r"([_.:]\d+)*$",
    re.IGNORECASE,
)


def is_generic(name: str) -> bool:
    """Whether a name says nothing: TensorFlow or the tracing made it up."""
    return not name or bool(_GENERIC.match(name))


def clean(name: str) -> str:
    """Reduce a tensor or argument name to what a signature key should be made of."""
    name = name.split(":", 1)[0] if re.search(r":\d+$", name) else name
    cleaned = re.sub(r"[^0-9A-Za-z_]+", "_", name).strip("_")
    return f"_{cleaned}" if cleaned[:1].isdigit() else cleaned


def tensorflow_name(name: str) -> str:
    """An ONNX tensor name as a signature key that is also a Python identifier."""
    safe = re.sub(r"\W", "_", name)
    return safe if safe and not safe[0].isdigit() else f"t_{safe}"


def make_unique(names: Iterable[str]) -> list[str]:
    """Number repeated names: `x`, `x_1`, `x_2`; never a name that another one already has."""
    wanted = list(names)
    given, taken = set(wanted), set[str]()
    numbers: dict[str, int] = {}
    unique = []
    for name in wanted:
        candidate = name
        while candidate in taken or (candidate != name and candidate in given):
            numbers[name] = numbers.get(name, 0) + 1
            candidate = f"{name}_{numbers[name]}"
        taken.add(candidate)
        unique.append(candidate)
    return unique


def input_names(proposed: list[str]) -> list[str]:
    """Replace generic names by `input` (or `input_0`, `input_1`, ... where there are several)."""
    generic = [is_generic(name) for name in proposed]
    names, number = [], 0
    for name, nameless in zip(proposed, generic, strict=True):
        if not nameless:
            names.append(name)
            continue
        names.append("input" if len(proposed) == 1 else f"input_{number}")
        number += 1
    return make_unique(names)
