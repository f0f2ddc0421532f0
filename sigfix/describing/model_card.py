"""The card that sigfix puts into its models (sigfix/card.py), as words; a card is untrusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sigfix.card_form import why_ignored
from sigfix.wording import plural

_SHOWN_CHARACTERS = 40
_PADDING = {
    "symmetric": "padded with black at both sides",
    "end": "padded with black at the right or the bottom",
}


def card_facts(card: Mapping[str, Any]) -> list[str]:
    """One line a subject: what the model is, its input, its output, its vocabulary.

    Keys that no card of sigfix has are named at the end; values of an unexpected kind are shown as
    they are. The last line says why a card with such a value is ignored.
    """
    known = {key: value for key, value in card.items() if value not in (None, "", [], {})}
    ignored = why_ignored(card) if known else ""
    lines = []
    preset, task, weights = (known.pop(key, None) for key in ("preset", "task", "weights"))
    images = known.pop("images", None)
    parts = [
        f"docTR preset {preset}" if preset else "",
        f"{task} of {images}" if task and images else task,
        f"weights {weights}" if weights else "",
    ]
    lines.append(", ".join(str(part) for part in parts if part))
    layout, mean, std = (known.pop(key, None) for key in ("layout", "mean", "std"))
    read = [str(layout or "")]
    if mean and std:
        read.append("pixels in 0..1")
        read.append(f"then (x - mean) / std, mean {_numbers(mean)}, std {_numbers(std)}")
    padding = known.pop("padding", None)
    read.append(_PADDING.get(str(padding), f"padding {padding}") if padding else "")
    lines.append(_sentence("reads", known.pop("input", ""), read))
    decoder, boxes, classes = (known.pop(key, None) for key in ("decoder", "boxes", "classes"))
    written = [f"decoder {decoder}" if decoder else ""]
    if isinstance(boxes, dict):
        written += [f"{str(key).replace('_', ' ')} {value}" for key, value in boxes.items()]
    extra, confidence = (known.pop(key, None) for key in ("extra_classes", "confidence"))
    if extra:
        written.append(f"{_numbers(extra)} behind the vocabulary")
    if confidence:
        written.append(f"confidence: the {confidence} of the steps")
    if classes:
        written.append(f"classes {_numbers(classes)} degrees")
    lines.append(_sentence("gives", known.pop("output", ""), written))
    vocabulary = known.pop("vocabulary", None)
    if isinstance(vocabulary, str):
        more = "..." if len(vocabulary) > _SHOWN_CHARACTERS else ""
        lines.append(
            f"vocabulary of {plural(len(vocabulary), 'character')}: "
            f"{vocabulary[:_SHOWN_CHARACTERS]}{more}"
        )
    known.pop("version", None)
    if known:
        lines.append("also: " + ", ".join(map(str, known)))
    if ignored:
        lines.append(f"ignored: {ignored}")
    return [line for line in lines if line]


def _sentence(verb: str, name: object, parts: list[str]) -> str:
    """`reads input: nhwc, pixels in 0..1`, as much of it as there is."""
    said = ", ".join(part for part in parts if part)
    subject = f"{verb} {name}" if name else ""
    return ": ".join(part for part in (subject, said) if part)


def _numbers(values: Any) -> str:
    return " ".join(map(str, values)) if isinstance(values, (list, tuple)) else str(values)
