"""Values that hostile files hold: numbers at the edges, names of other places, odd text."""

from __future__ import annotations

import random

NUMBERS = (
    0, 1, -1, 2, 7, 20, 63, 64, 100, 126, 127, 128, 200, 255, 1000, 2**15, 2**16, 2**31 - 1, 2**31,
    -(2**31), 2**32, 2**53, 2**62, 2**63 - 1, -(2**63),
)  # fmt: skip
TEXTS: dict[str, tuple[str, ...]] = {
    "usual": (
        "x", "y", "w", "serve", "serving_default", "signatures", "__call__", "f_1", "restore",
        "Placeholder", "Identity", "Const", "image", "d", "main",
    ),
    "tensors": (
        "", " ", "x:0", "^x", "^", ":", ":0", "x:", "a:b:c", "y:1", "x:-1", "f:out:3", "x:\u00b2",
        "x:99999999999999999999", "x:" + "9" * 5000, "x:0:0",
    ),
    "digits": (
        "\u00b2", "2.\u00b2.0", "\u0664.1", "1.5.3", "2.\u0664", "9" * 400, "9" * 5000,
        "2." + "9" * 5000, "-1", "1e999", "0x10", "NaN", "None", "99.99.99",
    ),
    "control": (
        "\x1b[31mred\x1b[0m", "\x07\x08\r\n", "a\nerror: b", "\u202egnp.exe", "\x9b2J", "\x00",
        "a\x00b", "\x1b]0;title\x07", "\u2028", "\ufeff", "\u200f", "\x7f", "\u0085",
    ),
    "places": (
        "../../outside/secret", "../../outside/secret", "../../outside/secret", "/etc/passwd",
        "../../etc/passwd", "..\\up", "a/../b", "../../outside", "..", ".", "/", "//", "~/x",
        "/dev/zero", "/proc/self/environ", "sub/../../../outside/secret",
        "a\x00/../../outside/secret",
    ),
    "shell": (
        "%s%n{0}{x}", "[red]no[/markup]", "'; rm -rf $HOME; '", "$(id)", "`id`", "a b", "-x", "--",
        '"', "'", "\\", "a;b", "a|b", "*", "!", "#x", "a=b", "x,y", "x=float32[1]", "$'a'",
    ),
    "letters": (
        "\u6a21\u578b", "\U0001f600", "e\u0301", "\ufb01", "\u0130", "\u1e9e", "x" * 300,
        "a/" * 200 + "b", "x" * 70_000, "\u6a21" * 100,
    ),
}  # fmt: skip
"""By what is odd about them; a kind is chosen first, so that none is rare."""
_KINDS = (*TEXTS, "places")  # what leads out of a model is worst
VARINTS = (
    b"\x00", b"\x7f", b"\x80", b"\xff", b"\x80" * 9 + b"\x01", b"\xff" * 9 + b"\x01",
    b"\xff" * 9 + b"\x7f", b"\xff" * 10, b"\x80" * 30, b"\xff\xff\xff\xff\x0f", b"\x80\x00",
    b"\xff\xff\xff\xff\xff\x01",
)  # fmt: skip
"""Base-128 numbers that are too long, too large, cut off or written in more bytes than needed."""


def number(generator: random.Random) -> int:
    """A number at an edge, or near one."""
    if generator.random() < 0.7:
        return generator.choice(NUMBERS)
    if generator.random() < 0.3:
        return generator.randrange(30)
    return generator.choice(NUMBERS) + generator.randrange(-2, 3)


def text(generator: random.Random) -> str:
    """A text that somebody did not expect."""
    chosen = generator.choice(TEXTS[generator.choice(_KINDS)])
    if generator.random() < 0.1:
        return chosen + generator.choice(TEXTS[generator.choice(_KINDS)])
    return chosen


def times(generator: random.Random) -> int:
    """How many changes one input gets: one as a rule; many, where each leaves it readable."""
    return generator.choice((1, 1, 1, 2, 3, 6, 12))


def damaged(data: bytes, generator: random.Random) -> bytes:
    """Bytes with one to four of them flipped, overwritten, cut, repeated or moved."""
    out = bytearray(data)
    for _ in range(generator.choice((1, 1, 2, 4))):
        if not out:
            break
        at = generator.randrange(len(out))
        length = generator.choice((1, 2, 4, 16, 200))
        kind = generator.randrange(7)
        if kind == 0:
            out[at] ^= 1 << generator.randrange(8)
        elif kind == 1:
            out[at] = generator.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF))
        elif kind == 2:
            del out[at : at + length]
        elif kind == 3:
            out[at:at] = out[at : at + length]
        elif kind == 4:
            del out[at:]
        elif kind == 5:
            out[at:at] = generator.choice(VARINTS)
        else:
            out[at : at + length] = bytes([0xFF] * length)
    return bytes(out)
