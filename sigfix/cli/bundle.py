"""`sigfix bundle`: a folder that reads documents in a browser."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sigfix.cli.app import app
from sigfix.cli.groups import (
    JSON,
    PRESET,
    RESULT,
    SOURCE,
    TEXT,
    Force,
    Format,
    NoVerify,
    Quiet,
    Timeout,
    Vocabulary,
)
from sigfix.cli.options import grouped, option
from sigfix.cli.steps import steps, tell
from sigfix.errors import UsageError
from sigfix.pipeline.applying import DEFAULT_SECONDS
from sigfix.pipeline.bundle_models import OPTIONS, BundleOptions, Part
from sigfix.pipeline.preset_options import PresetOptions
from sigfix.pipeline.quantising import AUTO
from sigfix.planning.parsing import parse_size
from sigfix.presets import (
    DETECTION,
    ORIENTATION,
    PAGE_ORIENTATION,
    PRESETS,
    PRETRAINED,
    RECOGNITION,
)

if TYPE_CHECKING:
    from sigfix.pipeline.bundle import BundleResult

_WEIGHTS = "`pretrained`, `random`, a file or a hub's folder."


def _names(part: str) -> list[str]:
    return [name for name, preset in PRESETS.items() if preset.part == part]


@dataclass(frozen=True)
class Models:
    """What the bundle reads with."""

    detection: Annotated[
        str,
        option(
            "The detector: a docTR preset, or a model of one (TensorFlow.js, SavedModel).",
            "--det",
            panel=SOURCE,
            autocompletion=lambda: _names(DETECTION),
        ),
    ]
    recognition: Annotated[
        str,
        option(
            "The recogniser: a preset or a model, likewise.",
            "--reco",
            panel=SOURCE,
            autocompletion=lambda: _names(RECOGNITION),
        ),
    ]
    orientation: Annotated[
        str | None,
        option(
            "A classifier of crops, for words at all angles.",
            "--cls",
            panel=SOURCE,
            autocompletion=lambda: _names(ORIENTATION),
        ),
    ] = None
    page_orientation: Annotated[
        str | None,
        option(
            "A classifier of pages, for those that lie on their side or are askew.",
            "--page-cls",
            panel=SOURCE,
            autocompletion=lambda: _names(PAGE_ORIENTATION),
        ),
    ] = None


@dataclass(frozen=True)
class Weights:
    """How presets are built."""

    detection_weights: Annotated[
        str, option(f"The detector's: {_WEIGHTS}", "--det-weights", panel=PRESET)
    ] = PRETRAINED
    recognition_weights: Annotated[
        str, option(f"The recogniser's: {_WEIGHTS}", "--reco-weights", panel=PRESET)
    ] = PRETRAINED
    orientation_weights: Annotated[
        str, option(f"The classifier's of crops: {_WEIGHTS}", "--cls-weights", panel=PRESET)
    ] = PRETRAINED
    page_orientation_weights: Annotated[
        str, option(f"The classifier's of pages: {_WEIGHTS}", "--page-cls-weights", panel=PRESET)
    ] = PRETRAINED
    vocab: Vocabulary = None
    detection_size: Annotated[
        str | None,
        option(
            "Side of the detector's images in pixels, or height x width, `512x1024`.",
            "--det-size",
            panel=PRESET,
        ),
    ] = None

    @property
    def detection_options(self) -> PresetOptions:
        """For the detector. Raises `UsageError` where --det-size is no size."""
        size = (
            None if self.detection_size is None else parse_size(self.detection_size, "--det-size")
        )
        return PresetOptions(self.detection_weights, size=size)


@app.command()
@grouped
def bundle(
    *,
    models: Models,
    weights: Weights,
    output: Annotated[Path, option("The new directory.", "-o", "--output-dir", panel=RESULT)],
    quantize: Annotated[
        str,
        option(
            "How weights are stored: `uint8`, `mixed`, `uint16`, `float16`, `none` (as they are), "
            "or `auto`, the smallest that reads the same.",
            "--quantize",
            panel=RESULT,
        ),
    ] = AUTO,
    force: Force = False,
    no_verify: NoVerify = False,
    timeout: Timeout = DEFAULT_SECONDS,
    output_format: Format = TEXT,
    quiet: Quiet = False,
) -> None:
    """Make a folder that reads documents in a browser: models, TensorFlow.js and a page.

    It is tried on a rendered page, in Chromium where there is one, and compared with docTR.

    `sigfix serve` shows it; any web server can.
    """
    from sigfix.pipeline.bundle import bundle as run

    parts = {
        DETECTION: Part(models.detection, weights.detection_options),
        RECOGNITION: Part(
            models.recognition,
            PresetOptions(weights.recognition_weights, vocabulary=weights.vocab),
        ),
    }
    for part, given, own in (
        (ORIENTATION, models.orientation, weights.orientation_weights),
        (PAGE_ORIENTATION, models.page_orientation, weights.page_orientation_weights),
    ):
        if given is not None:
            parts[part] = Part(given, PresetOptions(own))
        elif own != PRETRAINED:
            option = OPTIONS[part]
            raise UsageError(
                f"{option}-weights says nothing without {option}.", f"add {option} MODEL"
            )
    options = BundleOptions(parts, quantize, not no_verify, force, timeout)
    with steps(quiet) as say:
        result = run(options, output, say)
    tell_bundle(result, output_format)


def tell_bundle(result: BundleResult, output_format: str) -> None:
    """Say what was made, in the format that was asked for."""
    from sigfix.rendering.bundle_text import bundle_data, bundle_text
    from sigfix.rendering.json_text import json_text

    tell(result.notes)
    if output_format == JSON:
        typer.echo(json_text(bundle_data(result)), nl=False)
    else:
        typer.echo(bundle_text(result), nl=False)
