"""What a card of sigfix's own may be: it lies in a model, and so anybody may have written it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

LARGEST_CARD = 1 << 20
_DEEPEST = 10


def checked_card(value: Any) -> Mapping[str, object] | None:
    """A card out of JSON; None for what is no object, or nested as no card is.

    Numbers without end, which JSON cannot say, become text.
    """
    if not isinstance(value, dict) or _depth_exceeds(value, _DEEPEST):
        return None
    return {str(key): _finite(item) for key, item in value.items()}


def _depth_exceeds(value: Any, most: int) -> bool:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return most < 0 or any(_depth_exceeds(item, most - 1) for item in items)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
