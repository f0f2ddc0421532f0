"""Numbers with their nouns: one home for `1 tensor` and `2 tensors`."""

from __future__ import annotations


def plural(count: int, noun: str) -> str:
    """`1 error`, `2 errors`, `no errors`."""
    if count == 0:
        return f"no {noun}s"
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def verb(count: int, one: str, more: str) -> str:
    """The form of a verb after `count` things: `differs`, `differ`."""
    return one if count == 1 else more
