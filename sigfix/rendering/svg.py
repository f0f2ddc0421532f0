"""Pictures as SVG, alone or in a page, by ElementTree: no text of a model becomes markup."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from sigfix.quoting import printable

Point = tuple[float, float]
NAMESPACE = "http://www.w3.org/2000/svg"
FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', sans-serif"
_MOST = 300
"""Characters of a title: a name may have millions."""
_STYLE = "body{margin:16px;background:#fff}svg{display:block;margin:auto}"


def picture(width: float, height: float, title: str) -> Element:
    """An empty picture of this size in pixels."""
    svg = Element(
        "svg",
        xmlns=NAMESPACE,
        width=f"{width:.0f}",
        height=f"{height:.0f}",
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        role="img",
    )
    svg.set("font-family", FONT)
    SubElement(svg, "title").text = printable(cut(title, _MOST))
    SubElement(svg, "rect", width="100%", height="100%", fill="#ffffff")
    return svg


def text(parent: Element, x: float, y: float, words: str, size: float = 13, **more: str) -> None:
    """A line of text; `more` are attributes, with `_` for `-`."""
    item = SubElement(parent, "text", x=f"{x:.1f}", y=f"{y:.1f}")
    item.set("font-size", f"{size:g}")
    for name, value in more.items():
        item.set(name.replace("_", "-"), value)
    item.text = printable(words)


def line(parent: Element, start: Point, end: Point, colour: str) -> None:
    """A thin straight line."""
    x, y = start
    item = SubElement(parent, "line", x1=f"{x:.1f}", y1=f"{y:.1f}", stroke=colour)
    item.set("x2", f"{end[0]:.1f}")
    item.set("y2", f"{end[1]:.1f}")


def circle(parent: Element, x: float, y: float, radius: float, colour: str, said: str) -> None:
    """A dot, and what is shown to who points at it."""
    item = SubElement(parent, "circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=f"{radius:g}", fill=colour)
    SubElement(item, "title").text = printable(cut(said, _MOST))


def cut(words: str, most: int) -> str:
    """The words, or their beginning where they are longer than `most` characters."""
    return words if len(words) <= most else f"{words[: most - 1]}\u2026"


def shortened(words: str, most: int) -> str:
    """A name, or its beginning and end where it is longer than `most` characters."""
    if len(words) <= most:
        return words
    end = most * 2 // 3
    return f"{words[: most - end - 1]}\u2026{words[-end:]}"


def as_svg(svg: Element) -> str:
    """A file of its own."""
    return ElementTree.tostring(svg, "unicode") + "\n"


def as_page(svg: Element, title: str, narrower: bool = False) -> str:
    """A page with nothing but the picture, which may be made `narrower` than it is.

    It asks no other file for anything.
    """
    if narrower:
        svg.set("style", "max-width:100%;height:auto")
    page = Element("html", lang="en")
    head = SubElement(page, "head")
    SubElement(head, "meta", charset="utf-8")
    SubElement(head, "meta", name="viewport", content="width=device-width")
    SubElement(head, "title").text = printable(cut(title, _MOST))
    SubElement(head, "style").text = _STYLE
    SubElement(page, "body").append(svg)
    return "<!doctype html>\n" + ElementTree.tostring(page, "unicode", method="html") + "\n"
