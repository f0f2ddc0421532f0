"""The order of the passes: what the table says of it, and that the table is in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

import pytest

from sigfix.optimising.passes import EVERY_OTHER, KERNEL_PASSES, VALUE_PASSES, Pass

TUPLES = {"values": VALUE_PASSES, "kernels": KERNEL_PASSES}


def constraints(passes: Sequence[Pass]) -> set[tuple[str, str]]:
    """(earlier, later), by name, as the passes say it; `EVERY_OTHER` is written out."""
    found = set()
    for each in passes:
        others = tuple(other.name for other in passes if other is not each)
        for name in others if each.after == EVERY_OTHER else each.after:
            found.add((name, each.name))
        for name in others if each.before == EVERY_OTHER else each.before:
            found.add((each.name, name))
    return found


def faults(passes: Sequence[Pass]) -> list[str]:
    """What is wrong with the constraints, or with the order under them."""
    places = {each.name: place for place, each in enumerate(passes)}
    wrong, readers = [], {}
    for earlier, later in sorted(constraints(passes)):
        readers.setdefault(later, set()).add(earlier)
        if earlier not in places or later not in places:
            wrong.append(f"no such pass: {earlier} or {later}")
        elif places[earlier] >= places[later]:
            wrong.append(f"{earlier} runs after {later}")
    try:
        TopologicalSorter(readers).prepare()
    except CycleError as error:
        wrong.append(f"circle: {' < '.join(error.args[1])}")
    return wrong


@pytest.mark.parametrize("passes", TUPLES.values(), ids=TUPLES)
def test_the_passes_are_in_the_order_that_they_ask_for(passes):
    assert faults(passes) == []


def swapped(passes: Sequence[Pass], i: int, j: int) -> list[Pass]:
    """The passes with those at the places `i` and `j` the other way round."""
    result = list(passes)
    result[i], result[j] = result[j], result[i]
    return result


def test_constraints_are_read_from_the_table():
    assert ("layout", "scales") in constraints(VALUE_PASSES)
    assert ("strides", "scales") in constraints(VALUE_PASSES)
    assert {each.name for each in VALUE_PASSES} - {"constants"} == {
        later for earlier, later in constraints(VALUE_PASSES) if earlier == "constants"
    }
    assert ("padding", "fusing") in constraints(KERNEL_PASSES)


@pytest.mark.parametrize(
    ("passes", "earlier", "later"),
    [(passes, *pair) for passes in TUPLES.values() for pair in sorted(constraints(passes))],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_two_constrained_passes_the_other_way_round_are_seen(passes, earlier, later):
    places = {each.name: place for place, each in enumerate(passes)}
    assert f"{earlier} runs after {later}" in faults(
        swapped(passes, places[earlier], places[later])
    )


def test_passes_that_say_nothing_of_each_other_may_change_places():
    pairs = constraints(VALUE_PASSES)
    names = [each.name for each in VALUE_PASSES]
    free = [i for i in range(len(names) - 1) if (names[i], names[i + 1]) not in pairs]
    assert free
    for i in free:
        assert faults(swapped(VALUE_PASSES, i, i + 1)) == []


def test_a_name_that_is_none_and_a_circle_are_seen():
    a, b, c = (Pass(name, "", "") for name in "abc")
    assert faults([a, b, replace(c, after=("lay-out",))]) == ["no such pass: lay-out or c"]
    circle = [replace(a, after=("c",)), replace(b, after=("a",)), replace(c, after=("b",))]
    assert any(fault.startswith("circle") for fault in faults(circle))
    both = [replace(a, after=EVERY_OTHER), replace(b, after=EVERY_OTHER)]
    assert any(fault.startswith("circle") for fault in faults(both))
