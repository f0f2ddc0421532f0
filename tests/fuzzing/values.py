"""Values that hostile files hold: numbers at the edges, names of other places, odd text."""

from __future__ import annotations

import random

NUMBERS = (
    0, 1, -1, 2, 7, 20, 63, 64, 100, 126, 127, 128, 200, 255, 1000, 2**15, 2**16, 2**31 - 1, 2**31,
    -(2**31), 2**32, 2**53, 2**62, 2**63 - 1, -(2**63),
)  # fmt: skip
TEXTS = (
    "", " ", "x", "x:0", "^x", ":", ":0", "a:b:c", "x:99999999999999999999", "x:\u00b2", "y", "w",
    "serve", "serving_default", "signatures", "__call__", "f_1", "restore", "\x1b[31mred\x1b[0m",
    "\x07\x08\r\n", "a\nerror: b", "\u202egnp.exe", "\x9b2J", "../../etc/passwd", "/etc/passwd",
    "..\\up", "a/../b", "%s%n{0}{x}", "[red]no[/markup]", "'; rm -rf $HOME; '", "\u6a21\u578b",
    "\U0001f600", "x" * 300, "Placeholder", "Identity", "2.\u00b2.0", "1.5.3", "9" * 400,
)  # fmt: skip


def number(generator: random.Random) -> int:
    """A number at an edge, or near one."""
    if generator.random() < 0.7:
        return generator.choice(NUMBERS)
    return generator.choice(NUMBERS) + generator.randrange(-2, 3)


def text(generator: random.Random) -> str:
    """A text that somebody did not expect."""
    return generator.choice(TEXTS)


def damaged(data: bytes, generator: random.Random) -> bytes:
    """Bytes with one to four of them flipped, overwritten, cut, repeated or moved."""
    out = bytearray(data)
    for _ in range(generator.choice((1, 1, 2, 4))):
        if not out:
            break
        at = generator.randrange(len(out))
        length = generator.choice((1, 2, 4, 16, 200))
        kind = generator.randrange(6)
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
        else:
            out[at : at + length] = bytes([0xFF] * length)
    return bytes(out)
