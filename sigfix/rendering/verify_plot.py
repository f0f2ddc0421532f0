"""How far two models differ, as a picture: a row an output, a mark each time it was compared.

Below them are stages, in the order in which the network computes them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sigfix.describing.scopes import common_scope
from sigfix.rendering.plotting import (
    FORMS,
    GREEN,
    HEAD,
    INK,
    LEFT,
    MARGIN,
    RED,
    ROW,
    WIDTH,
    Line,
    Mark,
    Scale,
    Shape,
    Words,
)
from sigfix.rendering.svg import cut, shortened
from sigfix.wording import plural

if TYPE_CHECKING:
    from sigfix.verifying.comparison import OutputParity
    from sigfix.verifying.stages import Stages
    from sigfix.verifying.verdict import Verification

MOST_ROWS = 40
"""Outputs of a signature that are shown, those that differ most."""
_LEGEND = (
    "largest difference, as a part of an output's range: a dot a batch, at the left end where "
    "there is none; the black line is what is allowed"
)
_COLOURS = {"same": GREEN, "different": RED, "not comparable": "#a86a10"}
_FOLDED = "#9aa0a8"


def shapes_of(
    parities: tuple[Verification, ...],
    left: str,
    right: str,
    stages: Mapping[str, Stages] | None = None,
) -> tuple[float, list[Shape]]:
    """The height of the picture, and what is in it; `stages` are by the signatures' keys."""
    shapes: list[Shape] = [
        Words(MARGIN, 28, shortened(f"{left} and {right}", 100), 15),
        Words(MARGIN, 48, _LEGEND, 12),
    ]
    top = 62.0
    for parity in parities:
        rows = _rows(parity)
        shown = list(rows)[:MOST_ROWS]
        scale = Scale(max([0.0, *(_number(item) for each in rows.values() for _, item in each)]))
        head = f"{shortened(parity.key, 40)}: {parity.verdict}"
        if len(rows) > len(shown):
            head += f", {len(shown)} of {plural(len(rows), 'output')}, the largest differences"
        shapes.append(Words(MARGIN, top + 20, head, 14, _COLOURS[parity.verdict]))
        top += HEAD
        if parity.reason:
            shapes.append(Words(MARGIN, top, cut(parity.reason, 120), 12))
            top += 22
        bottom = top + ROW * len(shown)
        if shown:
            shapes += _axis(scale, top, bottom)
            for number, name in enumerate(shown):
                shapes += _row(rows[name], name, scale, top + ROW * number)
            top = bottom + 30
        if stages and parity.key in stages:
            top, inside = _stages(stages[parity.key], parity.key, top)
            shapes += inside
    return top + MARGIN, shapes


def _rows(parity: Verification) -> dict[str, list[tuple[str, OutputParity]]]:
    """Output -> what it was compared as; those that fail, and differ most, first."""
    found: dict[str, list[tuple[str, OutputParity]]] = {}
    for item in parity.comparisons:
        where = f"batch {item.batch}" + (f", through {item.through}" if item.through else "")
        for output in item.parity.outputs:
            found.setdefault(output.name, []).append((where, output))
    return dict(
        sorted(
            found.items(),
            key=lambda row: (all(o.ok for _, o in row[1]), -max(_number(o) for _, o in row[1])),
        )
    )


def _row(
    compared: list[tuple[str, OutputParity]],
    name: str,
    scale: Scale,
    top: float,
    folded: bool = False,
) -> Iterator[Shape]:
    middle = top + ROW / 2
    yield Words(MARGIN, middle + 4, shortened(name, 30))
    yield Line(LEFT, middle, WIDTH - MARGIN - 10, middle)
    limits = {item.limit for _, item in compared if item.limit}
    for limit in limits:
        at = scale.at(limit)
        yield Line(at, top + 4, at, top + ROW - 4, INK)
    for where, item in compared:
        said = f"{name}, {where}: {_said(item)}"
        colour = _FOLDED if folded else GREEN if item.ok else RED
        if item.relative is None:
            yield Words(LEFT + 6, middle - 3, cut(item.reason or "not compared", 90), 11, colour)
        else:
            yield Mark(scale.at(_number(item)), middle, colour, said)


def _number(item: OutputParity) -> float:
    """What is drawn: beyond every number where it is none."""
    value = item.relative or 0.0
    return value if math.isfinite(value) else 1e9


def _said(item: OutputParity) -> str:
    return "equal" if not item.relative else f"{item.relative:.1e} of its range"


def _stages(found: Stages, key: str, top: float) -> tuple[float, list[Shape]]:
    """Where the picture goes on below the stages, and they."""
    shapes: list[Shape] = [Words(MARGIN, top + 20, _stage_title(found, key), 14)]
    top += HEAD
    if found.why:
        return top + 10, [*shapes, Words(MARGIN, top, cut(found.why, 130), 12)]
    told = (
        f"{found.named:,} of {plural(found.tensors, 'tensor')} inside have a name in both models; "
        "the last of each part is shown, for one set of inputs"
    )
    shapes.append(Words(MARGIN, top, told, 12))
    top += 22
    if any(row.folded for row in found.rows):
        why = "grey: other numbers under the same name, and the same in what is computed of them"
        shapes.append(Words(MARGIN, top, why, 12, _FOLDED))
        top += 22
    scale = Scale(max(_number(row.difference) for row in found.rows))
    shapes += _axis(scale, top, top + ROW * len(found.rows))
    before: tuple[float, float] | None = None
    common = common_scope(row.name for row in found.rows)
    for at, row in enumerate(found.rows):
        y = top + ROW * at
        name = row.name.removeprefix(f"{common}/")  # what all have in common tells nothing apart
        shapes += _row([("this stage", row.difference)], name, scale, y, row.folded)
        if not row.folded:
            here = (scale.at(_number(row.difference)), y + ROW / 2)
            if before is not None:
                shapes.append(Line(*before, *here, "#7a8290"))
            before = here
    # Dots lie over the line that joins them.
    shapes.sort(key=lambda shape: isinstance(shape, Mark))
    return top + ROW * len(found.rows) + 30, shapes


def _stage_title(found: Stages, key: str) -> str:
    title = f"Inside {shortened(key, 40)}, from the inputs down"
    at = found.grows_at
    if found.why or not found.rows:
        return f"{title}: not compared"
    if at is None:
        return f"{title}: no stage is beyond what is allowed"
    return f"{title}: beyond what is allowed from {shortened(found.rows[at].name, 50)} on"


def _axis(scale: Scale, top: float, bottom: float) -> list[Shape]:
    return [
        shape
        for power in scale.powers()
        for shape in (
            Line(scale.at(power), top, scale.at(power), bottom),
            Words(scale.at(power) - 12, bottom + 16, f"1e{round(math.log10(power))}", 11),
        )
    ]


def verify_plot(
    parities: tuple[Verification, ...],
    left: str,
    right: str,
    form: str,
    stages: Mapping[str, Stages] | None = None,
) -> str | bytes:
    """The picture as the contents of a file of this form."""
    height, shapes = shapes_of(parities, left, right, stages)
    return FORMS[form](height, shapes, f"{left} and {right}")
