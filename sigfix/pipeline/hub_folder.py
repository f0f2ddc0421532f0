"""`--weights` of a hub's folder, or beside a `config.json` of docTR's: what it says is taken."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from sigfix.errors import OtherPresetError, UsageError
from sigfix.importing.hub_config import CONFIG, HubConfig, read_config, weights_in
from sigfix.option_names import WeightsFile
from sigfix.pipeline.preset_options import PresetOptions
from sigfix.presets import PRESETS, PRETRAINED, RANDOM, Preset
from sigfix.quoting import quote_path
from sigfix.reading.locating import saved_model_file
from sigfix.vocabularies import vocabulary_characters
from sigfix.wording import plural


def settled(name: str, options: PresetOptions) -> tuple[PresetOptions, tuple[str, ...]]:
    """The options with what `config.json` says, where the user said nothing; and lines about it.

    Raises `UsageError` where it is for another model than `name`, or a folder has no weights.
    """
    if options.weights in (PRETRAINED, RANDOM):
        return options, ()
    path = Path(options.weights)
    if path.is_dir():
        file = weights_in(path)
        if file is None:
            given = WeightsFile(path, options.names)
            raise UsageError(
                f"{given}: this folder has no file of weights, or several.",
                f"{options.names.weights} FILE names one",
            )
        options, path = replace(options, weights=str(file)), file
    config = read_config(path.parent)
    if config is None:
        return options, ()
    if config.architecture != name and name in PRESETS:
        raise OtherPresetError(
            f"{config.path} says that the weights are those of {config.architecture}, not of "
            f"{name}.",
            name,
            config.architecture,
        )
    preset = PRESETS[config.architecture]
    taken = [_TAKEN[key](config, preset) for key in _TAKEN if _is_open(options, config, key)]
    changes = {key: getattr(config, _SAID[key]) for key in _TAKEN if _is_open(options, config, key)}
    if "vocabulary" in changes:
        changes["vocabulary"] = f"chars:{changes['vocabulary']}"
        try:
            vocabulary_characters(changes["vocabulary"])
        except UsageError as error:
            raise UsageError(
                error.message.replace("--vocab chars:...", f"{config.path}"),
                "--vocab says which characters the model was trained for",
            ) from error
    told = [text for text in taken if text]
    note = f"note: {config.path} is taken at its word: {', '.join(told)}."
    return replace(options, **changes), (note,) if told else ()


def refuse_hub(path: Path, command: str) -> None:
    """Raise `UsageError` for a folder that a hub has of docTR's, or its `config.json`.

    `command` is what is offered for it, with `{name}` and `{folder}`.
    """
    config = None
    with suppress(OSError):  # the reader says of what may not be looked into
        folder = path if path.is_dir() else path.parent
        is_model = path.is_dir() and (
            saved_model_file(path) is not None or (path / "model.json").is_file()
        )
        if (path.is_dir() or path.name == CONFIG) and not is_model:
            config = read_config(folder) if (folder / CONFIG).is_file() else None
    if config is not None:
        raise UsageError(
            f"{path} has weights of docTR's, and what they are for.",
            command.format(name=config.architecture, folder=quote_path(folder)),
        )


CONVERT_HUB = "sigfix convert {name} --weights {folder}"
REPAIR_HUB = "sigfix repair --preset {name} --weights {folder}"


_SAID = {
    "vocabulary": "vocabulary",
    "mean": "mean",
    "std": "std",
    "size": "size",
    "classes": "class_names",
}
"""Option -> what it is called in `HubConfig`."""


def _is_open(options: PresetOptions, config: HubConfig, key: str) -> bool:
    """Whether the configuration says something that the user did not."""
    preset = PRESETS[config.architecture]
    if key == "vocabulary" and not preset.is_recogniser:
        return False
    if key == "classes" and (not preset.is_detector or len(config.class_names or ()) < 2):
        return False
    if key == "size" and (config.size is None or preset.size_trouble(*config.size)):
        return False
    return getattr(config, _SAID[key]) is not None and not getattr(options, key)


def _vocabulary(config: HubConfig, preset: Preset) -> str:
    return plural(len(config.vocabulary or ""), "character")


def _numbers(key: str) -> Callable[[HubConfig, Preset], str]:
    def say(config: HubConfig, preset: Preset) -> str:
        values = getattr(config, key)
        own = getattr(preset, key)
        return "" if values == own else f"{key} {'/'.join(f'{value:g}' for value in values)}"

    return say


def _size(config: HubConfig, preset: Preset) -> str:
    assert config.size is not None
    height, width = config.size
    return "" if config.size == (preset.height, preset.width) else f"images of {height} x {width}"


def _classes(config: HubConfig, preset: Preset) -> str:
    return f"classes {', '.join(config.class_names or ())}"


_TAKEN: dict[str, Callable[[HubConfig, Preset], str]] = {
    "vocabulary": _vocabulary,
    "mean": _numbers("mean"),
    "std": _numbers("std"),
    "size": _size,
    "classes": _classes,
}
"""Option -> what is said where it is taken from the configuration, '' where nothing is new."""
