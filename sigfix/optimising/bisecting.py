"""Which pass is at fault: found by leaving passes out, in few runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

IsRight = Callable[[frozenset[str]], bool]


def passes_at_fault(names: Sequence[str], is_right: IsRight) -> frozenset[str] | None:
    """The fewest of the passes `names` without which the result is right, where it was wrong.

    `is_right(without)` makes the result again without those passes and says whether it is right; a
    result that cannot be made is not. It is asked about once for each set, and never about the
    empty one, which is known to be wrong. One pass at fault among n takes log2(n) + 2 runs, k
    passes that are each wrong by themselves about 2 k times as many.

    What is returned was tried: it is right without those, and, but for faults that come and go
    with other passes, not without fewer. None where it is wrong without all passes, too: then no
    pass is at fault.
    """
    known: dict[frozenset[str], bool] = {frozenset(): False}

    def right_without(some: frozenset[str]) -> bool:
        if some not in known:
            known[some] = is_right(some)
        return known[some]

    if not right_without(frozenset(names)):
        return None
    found = _fewest(names, right_without)
    if len(found) > 1:  # one pass may hide another's fault, or show it: look from the other end
        found = min(found, _fewest(names[::-1], right_without), key=len)
    return found


def _fewest(names: Sequence[str], right_without: IsRight) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    candidates = list(names)
    while not right_without(found):
        # Without the first `least` candidates it is wrong, without the first `most` it is right.
        least, most = 0, len(candidates)
        while most - least > 1:
            middle = (least + most) // 2
            if right_without(found.union(candidates[:middle])):
                most = middle
            else:
                least = middle
        found |= {candidates[most - 1]}
        candidates = candidates[: most - 1]
    for name in sorted(found):  # back with those that need not be left out once the others are
        if len(found) > 1 and right_without(found - {name}):
            found -= {name}
    return found
