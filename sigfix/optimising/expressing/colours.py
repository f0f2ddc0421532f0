"""Rules for colours: hue, saturation and value, and what augmentation changes of them."""

from __future__ import annotations

from collections.abc import Sequence

from sigfix.optimising.expressing.writing import Reference, Rule, Writer
from sigfix.optimising.graph.operator_kinds import DT_INT32


def _adjust_contrast(to: Writer) -> Reference:
    """Away from the mean of each image's channel, or towards it."""
    x, factor = to.operand(0), to.operand(1)
    mean = to.add("Mean", x, to.whole([-3, -2]))
    to.made(mean).attr["keep_dims"].b, to.made(mean).attr["Tidx"].type = True, DT_INT32
    return to.add("AddV2", to.add("Mul", to.add("Sub", x, mean), factor), mean)


def _channels(to: Writer, x: Reference) -> tuple[Reference, Reference, Reference]:
    """The three channels, each with an axis of one."""
    split = to.add("Split", to.whole(-1), x)
    to.made(split).attr["num_split"].i = 3
    return split, f"{split}:1", f"{split}:2"


def _hue(
    to: Writer, channels: Sequence[Reference], largest: Reference, spread: Reference
) -> Reference:
    """Which colour, from 0 to below 6; 0 where the channels are equal."""
    red, green, blue = channels
    varies = to.compare("Greater", spread, to.number(0))
    unit = to.select(varies, spread, to.add("OnesLike", spread))

    def between(first: Reference, second: Reference, start: float) -> Reference:
        part = to.add("RealDiv", to.add("Sub", first, second), unit)
        return to.add("AddV2", part, to.number(start)) if start else part

    hue = to.select(
        to.compare("Equal", red, largest),
        between(green, blue, 0),
        to.select(
            to.compare("Equal", green, largest), between(blue, red, 2), between(red, green, 4)
        ),
    )
    turned = to.add("AddV2", hue, to.number(6))
    hue = to.select(to.compare("Less", hue, to.number(0)), turned, hue)
    return to.select(varies, hue, to.add("ZerosLike", hue))


def _parts(to: Writer, hue: Reference) -> list[Reference]:
    """How much of red, green and blue a hue from 0 to 6 has, each from 0 to 1."""

    def apart(centre: float) -> Reference:
        return to.add("Abs", to.add("Sub", hue, to.number(centre)))

    raw = [
        to.add("Sub", apart(3), to.number(1)),
        to.add("Sub", to.number(2), apart(2)),
        to.add("Sub", to.number(2), apart(4)),
    ]
    return [to.add("Minimum", to.add("Maximum", part, to.number(0)), to.number(1)) for part in raw]


def _extremes(to: Writer, x: Reference) -> list[Reference]:
    """The largest and the least channel, and how far they are apart."""
    found = []
    for op in ("Max", "Min"):
        found.append(to.add(op, x, to.whole([-1])))
        made = to.made(found[-1])
        made.attr["keep_dims"].b, made.attr["Tidx"].type = True, DT_INT32
    return [*found, to.add("Sub", *found)]


def _hsv(to: Writer, x: Reference) -> tuple[Reference, Reference, Reference]:
    """Hue from 0 to 6, saturation and value."""
    value, _, spread = _extremes(to, x)
    hue = _hue(to, _channels(to, x), value, spread)
    lit = to.compare("Greater", value, to.number(0))
    divisor = to.select(lit, value, to.add("OnesLike", value))
    saturation = to.select(lit, to.add("RealDiv", spread, divisor), to.add("ZerosLike", value))
    return hue, saturation, value


def _rgb(to: Writer, hue: Reference, saturation: Reference, value: Reference) -> Reference:
    white = to.add("Sub", to.number(1), saturation)
    return to.join(
        [
            to.add("Mul", to.add("AddV2", white, to.add("Mul", saturation, part)), value)
            for part in _parts(to, hue)
        ],
        -1,
    )


def _rgb_to_hsv(to: Writer) -> Reference:
    hue, saturation, value = _hsv(to, to.operand(0))
    return to.join([to.add("RealDiv", hue, to.number(6)), saturation, value], -1)


def _hsv_to_rgb(to: Writer) -> Reference:
    hue, saturation, value = _channels(to, to.operand(0))
    return _rgb(to, to.add("Mul", hue, to.number(6)), saturation, value)


def _adjust_saturation(to: Writer) -> Reference:
    hue, saturation, value = _hsv(to, to.operand(0))
    scaled = to.add("Maximum", to.add("Mul", saturation, to.operand(1)), to.number(0))
    return _rgb(to, hue, to.add("Minimum", scaled, to.number(1)), value)


def _adjust_hue(to: Writer) -> Reference:
    x = to.operand(0)
    largest, least, spread = _extremes(to, x)
    hue = _hue(to, _channels(to, x), largest, spread)
    hue = to.add("AddV2", hue, to.add("Mul", to.operand(1), to.number(6)))
    turns = to.add("Floor", to.add("RealDiv", hue, to.number(6)))
    hue = to.add("Sub", hue, to.add("Mul", turns, to.number(6)))
    parts = [to.add("AddV2", to.add("Mul", part, spread), least) for part in _parts(to, hue)]
    return to.join(parts, -1)


COLOURS: dict[str, Rule] = {
    "AdjustContrastv2": _adjust_contrast,
    "AdjustHue": _adjust_hue,
    "AdjustSaturation": _adjust_saturation,
    "HSVToRGB": _hsv_to_rgb,
    "RGBToHSV": _rgb_to_hsv,
}
"""Operator -> its rule."""
