"""How a docTR preset is to be built, and what no preset can have."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from sigfix.errors import UsageError
from sigfix.option_names import USUAL, OptionNames, WeightsFile
from sigfix.presets import PRETRAINED, RANDOM, Preset, Size, Triple, find_preset
from sigfix.vocabularies import preset_characters


@dataclass(frozen=True)
class PresetOptions:
    """Where a preset's weights come from: "pretrained", "random" or a file; `seed` for random.

    `vocabulary` is a value of `--vocab`; the preset's own by default. `size` is the side of the
    images, or their height and width; `raw_logits` leaves a detector's sigmoid out, `classes` are
    the names of what it was trained for. `normalize` puts mean and deviation into the model, which
    then takes RGB values between 0 and 1; `mean` and `std` are others than the preset's. `names`
    are those of the options that said so, for messages.
    """

    weights: str = PRETRAINED
    seed: int = 0
    vocabulary: str | None = None
    size: Size | None = None
    raw_logits: bool = False
    normalize: bool = False
    classes: tuple[str, ...] = ()
    mean: Triple | None = None
    std: Triple | None = None
    names: OptionNames = field(default=USUAL, compare=False)

    def preset(self, name: str) -> Preset:
        """The preset called `name` with these options; `UsageError` for what it cannot have."""
        preset = find_preset(name, self.size, self.raw_logits, self.names.size)
        if self.vocabulary is not None and not preset.is_recogniser:
            raise UsageError(f"--vocab: {preset.name} reads no characters.")
        preset_characters(preset, self.vocabulary)
        if self.seed and self.weights != RANDOM:
            raise UsageError("--seed is for --weights random, and these are others.")
        if self.weights not in (PRETRAINED, RANDOM) and not Path(self.weights).exists():
            raise UsageError(
                f"{WeightsFile(Path(self.weights), self.names)}: there is no such file.",
                f"{self.names.weights} {PRETRAINED}|{RANDOM}|FILE",
            )
        preset = replace(preset, mean=self.mean or preset.mean, std=self.std or preset.std)
        return self._with_classes(preset) if self.classes else preset

    def _with_classes(self, preset: Preset) -> Preset:
        """A detector that tells several classes apart; docTR sorts their names."""
        if not preset.is_detector:
            raise UsageError(f"--classes: {preset.name} detects nothing.", "leave it out")
        names = tuple(sorted(self.classes))
        if len(set(names)) < len(names) or not all(names):
            raise UsageError(
                f"--classes {','.join(self.classes)}: a name is there twice, or empty.",
                "--classes date,total",
            )
        if self.weights == PRETRAINED and len(names) > 1:
            raise UsageError(
                f"--classes: docTR's pretrained weights of {preset.name} tell one class.",
                "--weights FILE with weights that were trained for these",
            )
        return replace(preset, maps=len(names), class_names=names)

    def refuse_weights(self, path: Path) -> None:
        """Raise `UsageError` where weights are chosen for `path`, which has its own."""
        if (self.weights, self.seed) != (PRETRAINED, 0):
            raise UsageError(
                f"--weights and --seed are for building a preset; {path} has its own weights."
            )
