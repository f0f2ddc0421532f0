"""Groups of options that several commands have: declared once, with one text each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from sigfix.cli.options import option
from sigfix.errors import UsageError
from sigfix.pipeline.applying import DEFAULT_SECONDS
from sigfix.pipeline.preset_options import PresetOptions
from sigfix.planning.choices import Pair, Tags
from sigfix.planning.parsing import parse_pair, parse_size, parse_tags
from sigfix.presets import PRETRAINED, Size

SOURCE = "What to take"
CHECK = "The check"
RESULT = "The result"
CHANGE = "What to change"
PRESET = "docTR presets"
TEXT, JSON = "text", "json"


def parse_format(text: str) -> str:
    """`text` or `json`."""
    if text not in (TEXT, JSON):
        raise UsageError(f"--format {text}: there are text and json.")
    return text


def pair_of(name: str) -> Callable[[str], Pair]:
    """What reads the words of an option `name` that takes `LEFT=RIGHT`."""

    def parse(text: str) -> Pair:
        return parse_pair(name, text)

    return parse


Format = Annotated[str, option("`text` or `json`.", "--format", panel=RESULT, parser=parse_format)]
Quiet = Annotated[bool, option("No progress on standard error.", "--quiet", "-q", panel=RESULT)]
Force = Annotated[
    bool, option("Replace an existing model or empty directory.", "--force", panel=RESULT)
]
KeepFailed = Annotated[
    Path | None,
    option("Where a result that failed its check is moved.", "--keep-failed", panel=RESULT),
]
ChosenTags = Annotated[
    Tags | None,
    option(
        "The MetaGraph with exactly these tags: `serve` or `serve,gpu`.",
        "--tags",
        panel=SOURCE,
        parser=parse_tags,
    ),
]
Renames = Annotated[
    list[Pair],
    option("An input or output: `old=new`.", "--rename", panel=CHANGE, parser=pair_of("--rename")),
]
Vocabulary = Annotated[
    str | None,
    option(
        "Name of a docTR vocabulary, a text file, or `chars:` and the characters.",
        "--vocab",
        panel=PRESET,
    ),
]
Timeout = Annotated[
    float, option("Seconds that each run of a model may take.", "--timeout", panel=CHECK)
]
NoVerify = Annotated[
    bool,
    option("Compare no numbers, and write the result unchecked.", "--no-verify", panel=CHECK),
]


@dataclass(frozen=True)
class Running:
    """How models are run, wherever they are."""

    inputs_file: Annotated[
        Path | None,
        option("Inputs to compare with (.npz), not made-up ones.", "--inputs", panel=CHECK),
    ] = None
    trust: Annotated[
        bool, option("Run a model with file or process operators.", "--trust", panel=CHECK)
    ] = False
    timeout: Timeout = DEFAULT_SECONDS


@dataclass(frozen=True)
class Building:
    """How a docTR preset is built."""

    weights: Annotated[
        str, option("`pretrained`, `random`, a file or a hub's folder.", "--weights", panel=PRESET)
    ] = PRETRAINED
    vocab: Vocabulary = None
    size: Annotated[
        str | None,
        option(
            "Side of a detector's images in pixels, or height x width, `32x256`.",
            "--size",
            panel=PRESET,
        ),
    ] = None
    classes: Annotated[
        str | None,
        option(
            "What a detector was trained to tell apart: `date,total`.", "--classes", panel=PRESET
        ),
    ] = None
    raw_logits: Annotated[
        bool, option("Leave a detector's sigmoid out.", "--raw-logits", panel=PRESET)
    ] = False

    @property
    def images(self) -> Size | None:
        """What --size says. Raises `UsageError` where it is no size."""
        return None if self.size is None else parse_size(self.size)

    def options(self, seed: int, normalize: bool) -> PresetOptions:
        """These, with what each command says in its own way."""
        names = () if self.classes is None else tuple(map(str.strip, self.classes.split(",")))
        return PresetOptions(
            self.weights, seed, self.vocab, self.images, self.raw_logits, normalize, names
        )
