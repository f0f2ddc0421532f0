"""Names for inputs and outputs: the author's where there is one, stable and unique always."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")

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
    """An ONNX tensor name as a signature key that is also the name of a TensorFlow node.

    ASCII letters, digits and underscores, a letter first. Several names may become one this way:
    `signature_keys` keeps them apart.
    """
    safe = re.sub(r"[^0-9A-Za-z_]", "_", name)
    return safe if safe[:1].isalpha() and safe not in _PYTHONS_OWN else f"t_{safe}"


_PYTHONS_OWN = frozenset(("self",))
"""What a function's caller cannot pass by name."""


def signature_keys(names: Iterable[str]) -> dict[str, str]:
    """ONNX name -> its key in the signature; no two are the same, whatever their case.

    TensorFlow numbers nodes that differ in case alone, and a function's arguments too.

    A name that can stay as it is stays; of the others those that would become one are numbered,
    in the order of their names. Which keys there are does not depend on the order of `names`.
    """
    given = list(names)
    taken: set[str] = set()
    found = {}
    for name in sorted(given, key=lambda item: (tensorflow_name(item) != item, item)):
        wanted = candidate = tensorflow_name(name)
        number = 0
        while candidate.lower() in taken:
            number += 1
            candidate = f"{wanted}_{number}"
        taken.add(candidate.lower())
        found[name] = candidate
    return {name: found[name] for name in given}


def by_keys(named: Mapping[str, T], onnx_names: Iterable[str]) -> dict[str, T]:
    """What is called by an ONNX file's own names, or by their signature keys, by the keys."""
    keys = signature_keys(onnx_names)
    return {name if name in keys.values() else keys.get(name, name): v for name, v in named.items()}


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
    """Replace generic names by `input` (or `input_0`, `input_1`, ... where there are several).

    A number that an author's own name has is left out, so that the author's stays.
    """
    own = {name for name in proposed if not is_generic(name)}
    numbered = (name for name in map("input_{}".format, itertools.count()) if name not in own)
    made = iter(("input",)) if len(proposed) == 1 else numbered
    return make_unique([name if name in own else next(made) for name in proposed])
