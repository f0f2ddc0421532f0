"""The data flow of a signature as a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from xml.etree.ElementTree import Element, SubElement

from sigfix.describing.data_flow import (
    BLOCK,
    INPUT,
    OUTPUT,
    TABLE,
    Box,
    DataFlow,
    data_flow_of,
    data_flow_of_other,
)
from sigfix.describing.scopes import RUN, common_scope
from sigfix.model import SavedModel, TensorSpec
from sigfix.model.graph import Graph
from sigfix.quoting import printable
from sigfix.rendering.layers import BOX_HEIGHT, BOX_WIDTH, Point, circles, laid_out
from sigfix.rendering.svg import as_page, as_svg, cut, picture, shortened, text
from sigfix.wording import plural

_HEAD = 48.0
_LETTERS = 30
"""Letters of a line in a box."""
_COLOURS = {
    INPUT: ("#e3f1e5", "#2e7d32"),
    BLOCK: ("#eef2fb", "#3f5fa8"),
    TABLE: ("#fdf1dc", "#a86a10"),
    OUTPUT: ("#fbe6ea", "#b3324b"),
}
"""Kind of box -> what fills it, and its edge."""


FORMS: Mapping[str, Callable[[Element, str], str]] = {
    ".svg": lambda svg, title: as_svg(svg),
    ".html": as_page,
}
"""The end of a file's name -> what is written into it."""


def rendered_flow(model: SavedModel, name: str, form: str) -> str | None:
    """The picture of what is most likely meant in the first MetaGraph that computes something."""
    for meta in model.meta_graphs:
        found = data_flow_of(meta)
        if found is not None:
            return _written(found, name, form)
    return None


def rendered_graph(
    graph: Graph,
    name: str,
    form: str,
    inputs: Mapping[str, TensorSpec],
    outputs: Mapping[str, TensorSpec],
) -> str | None:
    """The picture of a graph of another format, see `data_flow_of_other`."""
    found = data_flow_of_other(graph, inputs, outputs)
    return None if found is None else _written(found, name, form)


def _written(found: tuple[str, DataFlow], name: str, form: str) -> str:
    title = f"{name}, {found[0]}"
    return FORMS[form](flow_picture(found[1], title), title)


def flow_picture(flow: DataFlow, title: str) -> Element:
    """A box a block, with lines from what is read down to who reads it."""
    flow = flow.merged(circles(flow.edges))
    names = [box.name for box in flow.boxes if box.kind == BLOCK]
    scope = common_scope(names) if len(names) > 1 else ""
    layout = laid_out(len(flow.boxes), flow.edges)
    said = f"{title}: {plural(flow.operators, 'operator')}" + (f" in {scope}" if scope else "")
    width = max(layout.width, 680.0)
    svg = picture(width, layout.height + _HEAD, said)
    text(svg, 20, 28, shortened(said, int(width / 8.2)), 15, font_weight="600", fill="#1b1b1f")
    shift = (width - layout.width) / 2
    body = SubElement(svg, "g", transform=f"translate({shift:.1f} {_HEAD:g})")
    for points in layout.lines.values():
        SubElement(
            body, "path", d=_line(points), fill="none", stroke="#8a8f9c",
        ).set("stroke-width", "1.4")  # fmt: skip
    for box, middle in zip(flow.boxes, layout.boxes, strict=True):
        _add_box(body, box, middle, scope)
    return svg


def _add_box(parent: Element, box: Box, middle: Point, scope: str) -> None:
    fill, edge = _COLOURS[box.kind]
    group = SubElement(parent, "g")
    SubElement(group, "title").text = printable(f"{cut(box.name, 300)} - {box.detail}")
    SubElement(
        group, "rect", x=f"{middle[0] - BOX_WIDTH / 2:.1f}", y=f"{middle[1] - BOX_HEIGHT / 2:.1f}",
        width=f"{BOX_WIDTH:g}", height=f"{BOX_HEIGHT:g}", rx="6", fill=fill, stroke=edge,
    )  # fmt: skip
    known = box.name.removeprefix(scope).removeprefix("/") if box.kind == BLOCK else box.name
    name, detail = _shown(known or box.name), cut(box.detail, _LETTERS + 9)
    x, y = middle
    text(group, x, y - 4, name, 13, text_anchor="middle", font_weight="600", fill="#1b1b1f")
    text(group, x, y + 13, detail, 11, text_anchor="middle", fill="#45484f")


def _shown(name: str) -> str:
    """A name as it fits into a box; of several scopes the first and the last one."""
    first, between, last = name.partition(RUN)
    if not between or len(name) <= _LETTERS:
        return shortened(name, _LETTERS)
    half = (_LETTERS - len(RUN)) // 2
    return f"{shortened(first, half)}{RUN}{shortened(last, half)}"


def _line(points: tuple[Point, ...]) -> str:
    """A curve from the lower edge of the first box to the upper edge of the last one."""
    half = BOX_HEIGHT / 2
    ends = [(points[0][0], points[0][1] + half), (points[-1][0], points[-1][1] - half)]
    x, y = ends[0]
    path = [f"M{x:.1f} {y:.1f}"]
    for next_x, next_y in (*points[1:-1], ends[1]):
        bend = (y + next_y) / 2
        path.append(f"C{x:.1f} {bend:.1f} {next_x:.1f} {bend:.1f} {next_x:.1f} {next_y:.1f}")
        x, y = next_x, next_y
    return " ".join(path)
