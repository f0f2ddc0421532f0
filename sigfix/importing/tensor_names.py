"""Names of a checkpoint's tensors: without what wrappers put into them, beside a model's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

Shapes = Mapping[str, tuple[int, ...]]

WRAPPERS = ("_orig_mod", "module", "_fsdp_wrapped_module", "_checkpoint_wrapped_module")
"""What torch.compile and parallel training put between the parts of a name."""
_COUNTERS = ("num_batches_tracked", "n_averaged")
"""Numbers that training counts with, and nothing is computed from."""


def renamed(tensors: Mapping[str, Any], expected: Shapes) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Tensors without what wraps their names, and a note of what was taken off.

    Wrappers can stand anywhere; the rest is a prefix that all the model's tensors have, beside
    which other tensors (of a loss, of another model) are left out.
    """
    wrappers = {w for w in WRAPPERS if not any(w in name.split(".") for name in expected)}
    plain = {
        ".".join(part for part in name.split(".") if part not in wrappers): tensor
        for name, tensor in tensors.items()
    }
    prefix = _common_prefix(plain, expected)
    state = {
        name.removeprefix(prefix): tensor
        for name, tensor in plain.items()
        if name.startswith(prefix) and not name.endswith("n_averaged")
    }
    used = [
        f"'{w}.'" for w in WRAPPERS if w in wrappers and any(w in n.split(".") for n in tensors)
    ]
    taken = [*used, *([f"'{prefix}'"] if prefix else [])]
    notes = [f"the names of its tensors are taken without {' and '.join(taken)}."] if taken else []
    left = [name for name in plain if not name.startswith(prefix)]
    if left:
        notes.append(f"not used: {left[0]}" + (f" and {len(left) - 1} more." if left[1:] else "."))
    return state, tuple(notes)


def _common_prefix(names: Mapping[str, Any], expected: Shapes) -> str:
    """The prefix under which most of the model's tensors are, as `model.`; '' mostly."""
    found: Counter[str] = Counter()
    ends = {name.split(".", 1)[0] for name in expected}
    for name in names:
        parts = name.split(".")
        for at, part in enumerate(parts):
            if part in ends and ".".join(parts[at:]) in expected:
                found[".".join([*parts[:at], ""])] += 1
    return max(found, key=lambda prefix: (found[prefix], -len(prefix)), default="")


def differences(state: Mapping[str, Any], expected: Shapes) -> list[str]:
    """What differs from the model's tensors, counters aside, in words."""
    wrong = [
        f"{name}: expected {shape}, found "
        + (str(tuple(state[name].shape)) if name in state else "nothing")
        for name, shape in expected.items()
        if (name in state and tuple(state[name].shape) != shape)
        or (name not in state and not name.endswith(_COUNTERS))
    ]
    surplus = [name for name in state if name not in expected and not name.endswith(_COUNTERS)]
    return wrong + [f"{name}: not part of the model" for name in surplus]
