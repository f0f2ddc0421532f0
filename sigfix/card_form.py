"""What the values of a card may be: it lies in a model, and so anybody may have written it."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sigfix.presets import DETECTION, ORIENTATION, PRESETS, RECOGNITION

CARD_VERSION = 2
"""What sigfix writes. Version 1 had no `padding`, `extra_classes` and `confidence`, and neither
`opening` nor `least_side` among its boxes; it is read, but not by sigfix-ocr."""

_LONGEST_NAME = 1000
_LONGEST_VOCABULARY = 100_000
_MOST_CLASSES = 10_000
_LARGEST = 1e6
_LEAST_STD = 1e-6
_SHOWN = 40

_TASKS = frozenset(preset.task for preset in PRESETS.values())
_DECODERS = frozenset(preset.decoder for preset in PRESETS.values())
_BOXES = ("binarise_at", "unclip", "least_score")
_BOXES_2 = (*_BOXES, "opening", "least_side")
_NEEDED_2 = {
    DETECTION: ("padding", "boxes"),
    RECOGNITION: ("padding", "extra_classes", "confidence"),
    ORIENTATION: ("padding", "classes"),
}
"""What a card of version 2 must say of each task beside what all say."""


def why_ignored(card: Mapping[str, Any]) -> str:
    """Why nothing in a card is used, as a clause that names its first wrong value; '' if it is.

    Keys that no card has are no reason: a later version may add some.
    """
    version = card.get("version", 1)
    if _is_whole(version) and version > CARD_VERSION:
        return f"its version is {version}, of a newer sigfix: this one reads up to {CARD_VERSION}"
    for key, (fits, expected) in _FORM.items():
        if key in card and not fits(card[key]):
            return f"its {key} is {_shown(card[key])}, not {expected}"
        if key not in card and key not in _OPTIONAL:
            return f"it has no {key}"
    if version == 1:
        return ""
    for key in _NEEDED_2[card["task"]]:
        if card.get(key) is None:
            return f"it has no {key}"
    boxes = card.get("boxes")
    if boxes is not None and not _has_numbers(boxes, _BOXES_2):
        return f"its boxes is {_shown(boxes)}, not numbers for {', '.join(_BOXES_2)}"
    return ""


def is_clean(text: str) -> bool:
    """Whether a text has no control characters, and none that cannot be written."""
    return not any(unicodedata.category(character) in ("Cc", "Cs") for character in text)


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str) if _is_small(value) else "a number past all limits"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _is_small(value: Any) -> bool:
    """Whether Python writes a number as text: it refuses integers of thousands of digits."""
    if isinstance(value, Mapping):
        return all(map(_is_small, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_is_small, value))
    return not isinstance(value, int) or value.bit_length() < 1000


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME and is_clean(value)


def _is_vocabulary(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_VOCABULARY and is_clean(value)


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and -_LARGEST <= value <= _LARGEST  # which no NaN is
    )


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and _is_number(value)


def _is_triple(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and len(value) == 3 and all(map(_is_number, value))


def _is_deviation(value: Any) -> bool:
    return _is_triple(value) and all(item >= _LEAST_STD for item in value)


def _is_boxes(value: Any) -> bool:
    if value is None:
        return True
    return isinstance(value, Mapping) and _has_numbers(value, _BOXES)


def _has_numbers(value: Mapping[str, Any], keys: tuple[str, ...]) -> bool:
    return all(_is_number(value.get(key)) for key in keys)


def _is_names(value: Any) -> bool:
    if value is None:
        return True
    few = isinstance(value, (list, tuple)) and len(value) <= _MOST_CLASSES
    return few and all(map(_is_name, value))


def _is_classes(value: Any) -> bool:
    if value is None:
        return True
    few = isinstance(value, (list, tuple)) and len(value) <= _MOST_CLASSES
    return few and all(map(_is_whole, value))


def _one_of(known: Iterable[str], none: bool = False) -> tuple[Callable[[Any], bool], str]:
    words = frozenset(known)
    return (
        lambda value: (isinstance(value, str) and value in words) or (none and value is None),
        f"one of {', '.join(sorted(words))}",
    )


_NAME = (_is_name, "a name")
_FORM: dict[str, tuple[Callable[[Any], bool], str]] = {
    "version": (lambda value: _is_whole(value) and value in (1, CARD_VERSION), f"{CARD_VERSION}"),
    "preset": _NAME,
    "task": _one_of(_TASKS),
    "input": _NAME,
    "output": _NAME,
    "layout": _one_of(("nhwc", "nchw")),
    "mean": (_is_triple, "three numbers"),
    "std": (_is_deviation, "three numbers above 0"),
    "vocabulary": (_is_vocabulary, "characters"),
    "decoder": _one_of(_DECODERS),
    "weights": _NAME,
    "boxes": (_is_boxes, f"numbers for {', '.join(_BOXES)}"),
    "classes": (_is_classes, "whole numbers"),
    "padding": _one_of(("symmetric", "end"), none=True),
    "extra_classes": (_is_names, "names"),
    "confidence": _one_of(("minimum", "mean"), none=True),
    "class_names": (_is_names, "names"),
    "images": _one_of(("crops", "pages"), none=True),
}
_OPTIONAL = (
    "version", "boxes", "classes", "padding", "extra_classes", "confidence", "class_names", "images"
)  # fmt: skip
