"""Replace parts of a model, in a copy of it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any


def with_replaced(module: Any, kind: type, make: Callable[[Any], Any]) -> Any:
    """A copy of a model with `make(part)` for each part of a kind; itself where it has none."""
    if not any(isinstance(part, kind) for part in module.modules()):
        return module
    copied = copy.deepcopy(module)
    for parent in list(copied.modules()):
        for name, child in parent.named_children():
            if isinstance(child, kind):
                setattr(parent, name, make(child))
    return copied
