"""What building a preset and converting a model did, as text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sigfix.model import TensorSpec
from sigfix.presets import Preset
from sigfix.quoting import printable, quote_path
from sigfix.rendering.style import note_lines, size_text, tried_lines
from sigfix.wording import plural, verb

if TYPE_CHECKING:
    from sigfix.card import Card
    from sigfix.pipeline.conversion_options import ConvertResult
    from sigfix.pipeline.preset import PresetResult
    from sigfix.pipeline.quantising import QuantisationTrial
    from sigfix.verifying.verdict import Comparison

SHOWN_OPERATORS = 6
_CHANGED = {
    "words": ("word", "read differently"),
    "places": ("place", "of words found by one only"),
    "turns": ("picture", "turned otherwise"),
}
"""What a type of weights changes that is counted: one of it, and how."""


def preset_plan_text(preset: Preset, card: Card, output: str) -> str:
    """Every input and output of the SavedModel to be built, and where it comes from."""
    image = TensorSpec("float32", preset.input_shape)
    result = TensorSpec("float32", preset.output_shape(len(card.vocabulary)))
    width = max(len(card.input), len(card.output))
    return "\n".join(
        printable(line)
        for line in [
            f"Plan: build {preset.name} in {output}",
            "  signature serving_default",
            f"    input   {card.input:{width}}  {image}  from the preset: RGB, NHWC,",
            f"            {_normalisation(preset, card)}",
            f"    output  {card.output:{width}}  {result}  from the preset:",
            f"            {_classes_text(preset, card)}",
            f"  weights {card.weights}",
            "",
        ]
    )


def _normalisation(preset: Preset, card: Card) -> str:
    text = f"mean {_triple(preset.mean)}, std {_triple(preset.std)}"
    return text if card.std == preset.std else f"values 0 to 1; inside, {text}"


def _classes_text(preset: Preset, card: Card) -> str:
    if preset.boxes is not None:
        boxes = preset.boxes
        what = "logits" if card.output == "logits" else "a probability"
        if card.class_names is not None:
            what += f" of each of {', '.join(card.class_names)}"
        return (
            f"{what} for each pixel; boxes above {boxes.binarise_at:g}, grown by {boxes.unclip:g}"
        )
    if card.classes is not None:
        return f"classes {', '.join(map(str, card.classes))} (degrees)"
    special = "the CTC blank" if card.decoder == "ctc" else "the end of the sequence"
    more = f" and {preset.extra_classes - 1} more" if preset.extra_classes > 1 else ""
    return f"{plural(len(card.vocabulary), 'character')}, {special}{more}"


def _triple(values: Iterable[float]) -> str:
    return "/".join(f"{v:g}" for v in values)


def preset_result_text(result: PresetResult) -> str:
    """How far each stage is from the one before, and where the result is."""
    lines = []
    for stage in result.stages:
        lines += _comparison_lines(stage.comparisons)
        lines += note_lines(stage.notes)
    lines += tried_lines(result.stages[-1].tried, "  ")
    lines.append(f"Wrote {result.output}")
    if result.onnx_file is not None:
        lines.append(f"Kept {result.onnx_file}")
    lines.append(f"Next: sigfix convert {quote_path(result.output)} --tfjs")
    return "\n".join(map(printable, lines)) + "\n"


def conversion_text(result: ConvertResult) -> str:
    """Signature, size, operators, and the comparison with the source."""
    lines = [f"{result.source.path} ({result.source.kind}) -> TensorFlow.js graph model"]
    for title, specs in (("input", result.inputs), ("output", result.outputs)):
        for key, spec in specs.items():
            note = "  (nothing depends on it)" if key in result.unused_inputs else ""
            lines.append(f"  {title:7} {key}  {spec}{note}")
    operators = [f"{count} {name}" for name, count in _kernels(result)][:SHOWN_OPERATORS]
    more = len(_kernels(result)) - len(operators)
    total = sum(count for _, count in _kernels(result))
    lines.append(
        f"  {plural(total, 'operator')}: {', '.join(operators)}"
        + (f", {plural(more, 'more kind')}" if more > 0 else "")
    )
    quantised = [
        f"{plural(result.quantised[dtype], 'weight tensor')} in {dtype}"
        for dtype in sorted(result.quantised, key=lambda dtype: dtype != result.quantize)
    ]
    lines.append("  " + ", ".join([size_text(result.size), *quantised]))
    lines += [f"  {_trial(trial)}" for trial in result.trials]
    lines += _comparison_lines(result.comparisons)
    if result.losses:
        lines.append("  lost to quantisation, against the source:")
        lines += _comparison_lines(result.losses, verdict=False)
    lines += tried_lines(result.tried, "  ")
    lines += note_lines(result.measured)
    if result.mode:
        how = f"model.{result.mode}(), {result.backend} backend"
        if result.mode == "executeAsync":
            how += " (it has control flow or dynamic operators)"
        lines.append(f"  ran with {how}")
    if result.not_verified:
        lines.append(f"Not verified: {result.not_verified}")
    lines.append(f"Wrote {result.output}")
    return "\n".join(map(printable, lines)) + "\n"


def _trial(trial: QuantisationTrial) -> str:
    verdict = "taken" if trial.accepted else "too much"
    if trial.unit in _CHANGED:
        changed = round(trial.loss * trial.count)
        noun, what = _CHANGED[trial.unit]
        return f"{trial.dtype}: {changed} of {plural(trial.count, noun)} {what}, {verdict}"
    return f"{trial.dtype}: outputs change by {trial.loss:.1e} of their range, {verdict}"


def _kernels(result: ConvertResult) -> list[tuple[str, int]]:
    return [(n, c) for n, c in result.operators.items() if n not in ("Const", "Placeholder")]


def _comparison_lines(comparisons: Iterable[Comparison], verdict: bool = True) -> list[str]:
    lines = []
    for comparison in comparisons:
        word = ("same  " if comparison.parity.ok else "DIFFERS") + " " if verdict else "  "
        through = f", through {comparison.through}" if comparison.through else ""
        lines.append(
            f"  {word}{comparison.reference} -> {comparison.result}, batch {comparison.batch}"
            f"{through}"
        )
        for row in comparison.parity.outputs:
            different = row.different or 0
            measured = f"{plural(different, 'element')} {verb(different, 'differs', 'differ')}"
            if not different:
                measured = "equal"
            if row.absolute is not None and row.relative is not None:
                measured = f"largest difference {row.absolute:.1e}, {row.relative:.1e} of the range"
            if row.nothing:
                measured = row.reason
            lines.append(f"          {row.name}: {measured}")
        if comparison.note:
            lines.append(f"          {comparison.note}")
    return lines
