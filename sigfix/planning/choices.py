"""What the user asked for: the strongest evidence a plan has. `parsing` makes it of words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from sigfix.errors import UsageError
from sigfix.model import DEFAULT_SERVING_KEY, Shape
from sigfix.presets import Preset


class Pair(NamedTuple):
    """`left=right`: an old name and a new one, or an output's name and its tensor."""

    left: str
    right: str


class Binding(NamedTuple):
    """`--bind NAME=VALUE`."""

    name: str
    value: bool | int | float | str


class Layout(NamedTuple):
    """`--layout ORDER[:NAME,NAME]`; without names it is for every image."""

    order: str
    names: tuple[str, ...]


class Tags(tuple[str, ...]):
    """The tag set of a MetaGraph, as `serve,gpu`."""

    __slots__ = ()


@dataclass(frozen=True)
class InputChoice:
    """`--input name[:tensor][=dtype[shape]]`; what was not said is None."""

    name: str
    target: str | None = None
    dtype: str | None = None
    shape: Shape = None
    has_shape: bool = False


@dataclass(frozen=True)
class AppendChoice:
    """`--append NAME=KIND(OUTPUT)`."""

    name: str
    kind: str
    output: str


@dataclass(frozen=True)
class NormalizeChoice:
    """`--normalize [INPUT:]MEAN,STD[,SCALE]`, MEAN and STD a number or `R/G/B`.

    Without an input it is for every image (rank 4), or for the only input.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    scale: float = 1.0
    input: str | None = None


@dataclass(frozen=True)
class NewSignature:
    """One of several signatures to make in one run.

    From the function at `function`, from the signatures `from_key` (several are merged), or from
    the graph's tensors; `outputs` are (name, tensor) pairs as of `--output`.
    """

    key: str
    function: str | None = None
    from_key: tuple[str, ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()


def as_tags(tags: Iterable[str] | str | None) -> Tags | None:
    """Tags as a tuple, of a text such as `serve,gpu` too; None stays None."""
    if tags is None:
        return None
    parts = map(str.strip, tags.split(",")) if isinstance(tags, str) else tags
    return Tags(filter(None, parts))


def _refuse_twice(option: str, pairs: Iterable[tuple[str, object]]) -> None:
    """Raise `UsageError` where an option says two things of one name: one would be dropped."""
    known: dict[str, object] = {}
    for name, value in pairs:
        if known.setdefault(name, value) != value:
            raise UsageError(
                f"{option} is given twice for {name}, with different values.",
                f"one {option} for {name}",
            )


@dataclass(frozen=True)
class Choices:
    """All options of `sigfix repair` that decide what the signature is.

    `signatures` are those to make beside `key`; what names an input or output is then for all of
    them that have it. `layout` is for every image, or for those of `layout_of`. `vocabulary` are
    the characters that a recogniser's preset reads; '' does not check them. Where several texts are
    taken, one text is one of them; tags have commas between them.
    """

    key: str = DEFAULT_SERVING_KEY
    function: str | None = None
    from_key: tuple[str, ...] = ()
    tags: tuple[str, ...] | None = None
    set_tags: tuple[str, ...] | None = None
    inputs: tuple[InputChoice, ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()
    rename: tuple[tuple[str, str], ...] = ()
    drop_outputs: tuple[str, ...] = ()
    bind: tuple[tuple[str, bool | int | float | str], ...] = ()
    append: tuple[AppendChoice, ...] = ()
    normalize: NormalizeChoice | None = None
    layout: str | None = None
    layout_of: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    rename_signatures: tuple[tuple[str, str], ...] = ()
    method_name: str | None = None
    only_meta_graph: bool = False
    rebuild: bool = False
    parsed: bool = False
    preset: Preset | None = None
    vocabulary: str = ""
    signatures: tuple[NewSignature, ...] = ()

    def __post_init__(self) -> None:
        for name in ("tags", "set_tags"):
            object.__setattr__(self, name, as_tags(getattr(self, name)))
        for name in ("from_key", "drop_outputs", "layout_of", "remove"):
            if isinstance(getattr(self, name), str):
                object.__setattr__(self, name, (getattr(self, name),))
        _refuse_twice("--rename", self.rename)
        _refuse_twice("--rename-signature", self.rename_signatures)
        _refuse_twice("--bind", self.bind)
        _refuse_twice("--input", [(item.target or item.name, item) for item in self.inputs])

    @property
    def arranges(self) -> bool:
        """Whether anything asks for another arrangement of what there is."""
        return bool(
            self.set_tags
            or self.remove
            or self.rename_signatures
            or self.method_name
            or self.only_meta_graph
        )

    @property
    def shapes_signature(self) -> bool:
        """Whether anything asks for a signature that differs from what is recorded."""
        return bool(
            self.inputs
            or self.outputs
            or self.rename
            or self.drop_outputs
            or self.bind
            or self.append
            or self.normalize
            or self.layout
            or self.parsed
            or self.preset
        )
