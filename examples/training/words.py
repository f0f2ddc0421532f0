"""Words, phrases and amounts as they stand on papers, from two free word lists."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path

LISTS = ("/usr/share/dict/american-english", "/usr/share/dict/french")
DIGITS = "0123456789"


@cache
def listed() -> list[str]:
    """The words of both lists that are at most 14 letters long."""
    texts = (Path(name).read_text("utf-8").split() for name in LISTS)
    return [text for words in texts for text in words if len(text) <= 14 and "'" not in text]


def word(chance: random.Random) -> str:
    """A word, a number, or a word with a mark after it."""
    kind = chance.random()
    if kind < 0.12:
        return "".join(chance.choice(DIGITS) for _ in range(chance.randint(1, 8)))
    if kind < 0.16:
        return (
            f"{chance.randint(1, 31):02d}/{chance.randint(1, 12):02d}/{chance.randint(1990, 2030)}"
        )
    text = chance.choice(listed())
    if chance.random() < 0.35:
        # Running text is mostly short words.
        text = chance.choice(
            ("the", "of", "and", "a", "to", "in", "is", "de", "la", "le", "et", "I", "for", "on")
        )
    kind = chance.random()
    text = text.upper() if kind < 0.1 else text.capitalize() if kind < 0.3 else text
    return text + chance.choice(".,:;!?)") if chance.random() < 0.15 else text


def phrase(chance: random.Random, count: int) -> Iterator[str]:
    """That many words."""
    return (word(chance) for _ in range(count))


def price(chance: random.Random) -> str:
    """An amount of money, or a share."""
    whole, sign = (
        chance.randint(0, 10 ** chance.randint(1, 4)),
        chance.choice(("", "", "€", "$", "%", "£")),
    )
    amount = f"{whole}{chance.choice('.,')}{chance.randint(0, 99):02d}"
    return f"{sign}{amount}" if sign in "$£" else f"{amount}{sign}"
