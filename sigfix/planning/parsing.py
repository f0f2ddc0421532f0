"""The words of an option -> values. Each form is said where something else is given."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from sigfix.errors import UsageError
from sigfix.model import Shape
from sigfix.planning.choices import (
    AppendChoice,
    Binding,
    InputChoice,
    Layout,
    NewSignature,
    NormalizeChoice,
    Pair,
    Tags,
    as_tags,
)
from sigfix.presets import Size

DTYPES = frozenset({
    "bfloat16", "bool", "complex128", "complex64", "float16", "float32", "float64", "int16",
    "int32", "int64", "int8", "string", "uint16", "uint32", "uint64", "uint8",
})  # fmt: skip
ACTIVATIONS = ("sigmoid", "softmax", "argmax")

_INPUT = re.compile(
    r"(?P<name>[^:=\[\]]+)(:tensor=(?P<tensor>[^=\[\]]+)|:(?P<target>[^=\[\]]+))?"
    r"(=(?P<plain>(\?|-1|\d+)([,x](\?|-1|\d+))*)|=(?P<dtype>\w+)?(?P<shape>\[[^\]]*\])?)?$"
)


def parse_input(text: str) -> InputChoice:
    """`name=float32[?,32,128,3]`, `name=float32`, `name=[1,3]`, `name:tensor=x:0=float32[?]`.

    Sizes alone need no brackets: `name=1,224,224,3` or `name=1x224x224x3`.

    Raises `UsageError` with the form that is understood.
    """
    match = _INPUT.match(text.strip())
    if match is None or not match["name"].strip():
        raise _misread("--input", text, "name=float32[?,32,128,3]")
    dtype = match["dtype"]
    if dtype is not None and dtype not in DTYPES:
        raise UsageError(
            f"--input {text}: {dtype!r} is not a dtype.", "one of " + ", ".join(sorted(DTYPES))
        )
    target = match["tensor"] or match["target"]
    plain = match["plain"]
    sizes = match["shape"] if plain is None else f"[{plain.replace('x', ',')}]"
    shape = None if sizes is None else parse_shape(sizes, text)
    return InputChoice(match["name"].strip(), target, dtype, shape, sizes is not None)


def parse_shape(text: str, whole: str) -> Shape:
    """`[?,32,128,3]`; `?`, `-1` or `None` is dynamic, `[...]` an unknown rank, `[]` a scalar."""
    inner = text.strip()[1:-1].strip()
    if inner == "...":
        return None
    sizes: list[int | None] = []
    for part in inner.split(",") if inner else []:
        item = part.strip()
        if item in ("?", "-1", "None"):
            sizes.append(None)
        elif item.isdecimal():
            sizes.append(int(item))
        else:
            raise UsageError(
                f"{whole}: {item!r} is not a dimension.", "a number, or ? for a dynamic one"
            )
    return tuple(sizes)


_FORMS = {
    "--output": "--output NAME=TENSOR names an output; the new directory is -o DIRECTORY",
    "--bind": "--bind NAME=VALUE",
}


def parse_size(text: str, option: str = "--size") -> Size:
    """`1024`, or height and width: `32x256`, `32,256`, as the value of `option`."""
    parts = re.split("[x,*]", text.strip().lower())
    if len(parts) > 2 or not all(part.strip().isdecimal() for part in parts):
        raise _misread(option, text, f"1024, or height x width: {option} 32x256")
    sizes = [int(part) for part in parts]
    return sizes[0] if len(sizes) == 1 else (sizes[0], sizes[1])


def parse_tags(text: str) -> Tags:
    """`serve,gpu`; '' is the MetaGraph without a tag."""
    return as_tags(text) or Tags()


def parse_pair(option: str, text: str) -> Pair:
    """`left=right`."""
    left, equals, right = text.partition("=")
    if not (left.strip() and equals and right.strip()):
        form = _FORMS.get(option, f"{option} old=new")
        raise UsageError(f"{option} {text}: not understood.", form)
    return Pair(left.strip(), right.strip())


def parse_binding(text: str) -> Binding:
    """`training=false`, `keep_prob=1.0`, `mode=fast`: bool, int, float or text, in that order."""
    name, value = parse_pair("--bind", text)
    if value.lower() in ("true", "false"):
        return Binding(name, value.lower() == "true")
    for kind in (int, float):
        try:
            return Binding(name, kind(value))
        except ValueError:
            continue
    return Binding(name, value.strip("\"'"))


def parse_append(text: str) -> AppendChoice:
    """`probabilities=sigmoid(logits)`."""
    match = re.match(r"\s*([^=\s]+)\s*=\s*(\w+)\(([^)]+)\)\s*$", text)
    if match is None or match[2] not in ACTIVATIONS:
        raise _misread(
            "--append", text, f"probabilities=sigmoid(logits), with {', '.join(ACTIVATIONS)}"
        )
    return AppendChoice(match[1], match[2], match[3].strip())


def parse_normalize(text: str) -> NormalizeChoice:
    """`0.5,0.25` or `image:0.694/0.695/0.693,0.299/0.296/0.301[,0.00392]`."""
    name, colon, numbers = text.rpartition(":")
    parts = numbers.split(",")
    try:
        mean, std = (tuple(float(item) for item in part.split("/")) for part in parts[:2])
        scale = float(parts[2]) if len(parts) == 3 else 1.0
    except (ValueError, IndexError) as error:
        raise _misread("--normalize", text, "0.694/0.695/0.693,0.299/0.296/0.301") from error
    if len(parts) > 3 or 0.0 in std or len({1, len(mean), len(std)}) > 2:
        raise _misread("--normalize", text, "mean,std[,scale], std not zero")
    return NormalizeChoice(mean, std, scale, name if colon else None)


def parse_layout(text: str) -> Layout:
    """`nhwc`, or `nhwc:image,map` for these inputs and outputs alone."""
    layout, colon, names = text.partition(":")
    named = tuple(name.strip() for name in names.split(",") if name.strip())
    if layout not in ("nhwc", "nchw") or bool(colon) != bool(named):
        raise _misread("--layout", text, "nhwc or nchw, or nhwc:NAME,NAME")
    return Layout(layout, named)


@dataclass(frozen=True)
class Sources:
    """What `--function`, `--from` and `--output` say together."""

    function: str | None
    from_key: tuple[str, ...]
    outputs: tuple[tuple[str, str], ...]
    signatures: tuple[NewSignature, ...]


def parse_sources(functions: list[str], froms: list[str], outputs: list[str]) -> Sources:
    """Sort out what is for the one signature, and what for others.

    `KEY=PATH` (`--function`), `KEY=OLD` or `KEY=ONE+OTHER` (`--from`) and `KEY/NAME=TENSOR`
    (`--output`) are for the signature `KEY`, the rest for that of `--signature`.
    """
    keyed: dict[str, NewSignature] = {}
    plain, own_from = [], []
    own_outputs: list[tuple[str, str]] = []
    for text in functions:
        key, equals, path = text.rpartition("=")
        if not equals:
            plain.append(path)
        elif keyed.setdefault(key, NewSignature(key, path)).function != path:
            raise UsageError(f"--function {text}: {key} has a function already.")
    for text in froms:
        key, equals, old = text.rpartition("=")
        if not equals:
            own_from.append(old)
        elif key in keyed:
            raise UsageError(f"--from {text}: {key} has another source already.")
        else:
            keyed[key] = NewSignature(key, None, tuple(old.split("+")))
    for text in outputs:
        name, tensor = parse_pair("--output", text)
        key, slash, name = name.rpartition("/")
        if not slash:
            own_outputs.append((name, tensor))
            continue
        known = keyed.get(key, NewSignature(key))
        keyed[key] = replace(known, outputs=(*known.outputs, (name, tensor)))
    if len(plain) > 1:
        raise UsageError(
            f"--function {plain[1]}: several functions need a signature's key each.",
            f"--function {plain[0].rpartition('.')[2]}={plain[0]} and so on",
        )
    function = plain[0] if plain else None
    return Sources(function, tuple(own_from), tuple(own_outputs), tuple(keyed.values()))


def _misread(option: str, text: str, form: str) -> UsageError:
    return UsageError(f"{option} {text}: not understood.", f"{option} {form}")
