"""Whether tensors are those of a preset's model: under other names, of another size, of another.

Which tensors a model has, and how large, is a table's (`doctr_tensors`): nothing is built, and a
file is judged by its header, before PyTorch is imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sigfix.errors import OtherPresetError, UsageError
from sigfix.importing.checkpoints import Checkpoint, StateDictionary, read_headers
from sigfix.importing.doctr_tensors import model_shapes
from sigfix.importing.pickle_headers import Stored, UnknownPickleError
from sigfix.importing.tensor_names import Shapes, differences, renamed
from sigfix.option_names import USUAL, OptionNames
from sigfix.presets import PRESETS, Preset
from sigfix.vocabularies import vocabulary_hint
from sigfix.wording import plural

_CUSTOMARY = ("model", "state_dict", "model_state_dict", "model_state", "net", "network", "weights")
"""Under which key trainers keep the model; beside it can be its average, or another model."""


@dataclass(frozen=True)
class Fitted:
    """A state that fits `preset`: the one asked for, or that with the sizes of the checkpoint.

    `is_merged`: FAST with its branches merged. `notes` say what was done to make it fit.
    """

    preset: Preset
    state: dict[str, Any]
    is_merged: bool = False
    notes: tuple[str, ...] = ()


def fit_headers(
    file: Path, preset: Preset, characters: str, names: OptionNames = USUAL
) -> Fitted | None:
    """How a file fits by the names and shapes in it alone; `state` has no numbers.

    None where only PyTorch can tell. Raises what `fit` and `read_checkpoint` raise.
    """
    checkpoint = read_headers(file, names)
    try:
        return None if checkpoint is None else fit(checkpoint, preset, characters)
    except UnknownPickleError:
        return None


def fit(checkpoint: Checkpoint, preset: Preset, characters: str) -> Fitted:
    """The one state dictionary of a checkpoint that fits a preset, under the preset's names.

    Raises `UsageError` where none does, or several differ and it is not clear which is meant.
    """
    expected = model_shapes(preset, characters)
    fitting = []
    for candidate in checkpoint.found:
        fitted = _fit(candidate, preset, characters, expected)
        if fitted is not None:
            fitting.append((candidate, fitted))
    if not fitting:
        raise _misfit(checkpoint, preset, characters, expected)
    if len(fitting) > 1:
        fitting = _meant(fitting)
    if len(fitting) > 1:
        places = ", ".join(candidate.place for candidate, _ in fitting)
        keys = "".join(f"[{key!r}]" for key in fitting[0][0].keys)
        raise UsageError(
            f"{checkpoint.given}: {len(fitting)} state dictionaries in it fit "
            f"{preset.name}, and they differ: {places}.",
            f'save the one that is meant: python -c "import torch; torch.save(torch.load('
            f"'{checkpoint.path}', weights_only=True){keys}, 'weights.pt')\"",
        )
    candidate, fitted = fitting[0]
    if not candidate.keys:
        return fitted
    others = [item.place for item in checkpoint.found if item is not candidate]
    beside = [*others, *(repr(key) for key in checkpoint.beside)]
    left = f"; not used: {', '.join(beside[:6])}" if beside else ""
    return replace(
        fitted, notes=(f"the weights are those under {candidate.place}{left}.", *fitted.notes)
    )


def _meant(
    fitting: list[tuple[StateDictionary, Fitted]],
) -> list[tuple[StateDictionary, Fitted]]:
    """The one under a customary key, or one of several that are equal."""
    first = fitting[0][1].state
    if all(
        all(_equal(first[name], fitted.state[name]) for name in first) for _, fitted in fitting[1:]
    ):
        return fitting[:1]
    for key in _CUSTOMARY:
        named = [item for item in fitting if item[0].keys and item[0].keys[-1] == key]
        if len(named) == 1:
            return named
    return fitting


def _equal(one: Any, other: Any) -> bool:
    """Whether two tensors are the same; of headers, as far as they tell."""
    if not isinstance(one, Stored):
        import torch

        return bool(torch.equal(one, other))
    if (one.layout, one.storage.kind) != (other.layout, other.storage.kind) or one.data is None:
        raise UnknownPickleError("numbers decide")
    return bool(one.data == other.data)


def _fit(
    candidate: StateDictionary, preset: Preset, characters: str, expected: Shapes
) -> Fitted | None:
    """The tensors under the model's names, with the sizes that they tell; None: no fit."""
    state, notes = renamed(candidate.tensors, expected)
    if not differences(state, expected):
        return Fitted(preset, state, notes=notes)
    for resized, told in _resized(state, preset, expected):
        if not differences(state, model_shapes(resized, characters)):
            return Fitted(resized, state, notes=(*notes, told))
    if preset.name.startswith("fast"):
        maps = preset.maps if preset.class_names else _maps(state)
        for other in dict.fromkeys((preset, replace(preset, maps=maps))):
            shapes = model_shapes(other, characters, is_merged=True)
            state, notes = renamed(candidate.tensors, shapes)
            if not differences(state, shapes):
                return Fitted(other, state, True, (*notes, "its branches are merged already."))
    return None


def _maps(state: Mapping[str, Any]) -> int:
    """How many classes a detector's head tells apart; 1 where that cannot be seen."""
    heads = {"prob_head.6.weight": 1, "classifier.6.weight": 1, "prob_head.2.weight": 0}
    for name, axis in heads.items():
        if name in state and len(state[name].shape) == 4:
            return int(state[name].shape[axis])
    return 1


def _resized(
    state: Mapping[str, Any], preset: Preset, expected: Shapes
) -> Iterator[tuple[Preset, str]]:
    """The preset with as many maps, or as wide, as the tensors may be for, and a note of it."""
    if preset.is_detector:
        maps = _maps(state)
        if maps > 1 and not preset.class_names:
            told = f"{preset.output} has a map for each, in the sorted order of their names"
            named = "--classes NAME,NAME writes these beside the model"
            yield replace(preset, maps=maps), f"it was trained for {maps} classes: {told}; {named}."
    if not preset.is_recogniser:
        return
    for name, shape in expected.items():
        found = tuple(state[name].shape) if name in state else shape
        if found == shape or len(found) != len(shape) or name.startswith(f"{preset.head}."):
            continue
        for has, wanted in zip(found, shape, strict=True):
            for extra in (1, 0):  # a class token beside the patches, or none
                width, rest = divmod(preset.width * (has - extra), max(wanted - extra, 1))
                if has != wanted and not rest and 0 < width != preset.width:
                    told = f"images of {preset.height} x {width}, as {name} says"
                    yield (
                        preset.sized(preset.height, width),
                        f"it was trained on {told} (their height is assumed to be that).",
                    )


def _misfit(
    checkpoint: Checkpoint, preset: Preset, characters: str, expected: Shapes
) -> UsageError:
    """Why nothing in a checkpoint fits, and what would."""
    best = min(
        checkpoint.found,
        key=lambda item: len(differences(renamed(item.tensors, expected)[0], expected)),
    )
    for other in [preset, *_resized_presets(best, preset, expected)]:
        shapes = model_shapes(other, characters)
        state, _ = renamed(best.tensors, shapes)
        wrong = differences(state, shapes)
        heads = [w for w in wrong if other.head and w.startswith(f"{other.head}.")]
        if heads and len(_not_of_the_head(wrong, other)) == 0:
            return _other_classes(checkpoint, other, characters, state, heads[0])
    state, _ = renamed(best.tensors, expected)
    wrong = differences(state, expected)
    if preset.class_names and _maps(state) != preset.maps:
        return UsageError(
            f"the weights in {checkpoint.path} were trained for {_maps(state)} classes, and "
            f"--classes names {preset.maps}: {', '.join(preset.class_names)}.",
            f"--classes with the {_maps(state)} names that it was trained for, or leave it out",
        )
    for other in PRESETS.values():
        if other.name != preset.name and _is_of(best, other, characters):
            return OtherPresetError(
                f"the weights in {checkpoint.path} are those of {other.name}, not of "
                f"{preset.name}.",
                preset.name,
                other.name,
            )
    names = checkpoint.given.names
    fitting = sum(name in state and tuple(state[name].shape) == s for name, s in expected.items())
    return UsageError(
        f"the weights in {checkpoint.path} are not a checkpoint of docTR's {preset.name}: "
        f"{fitting} of its {len(expected)} tensors fit. {'; '.join(wrong[:3])} "
        f"({plural(len(wrong), 'difference')} in all).",
        f"check {names.preset} and {names.weights}. A model that was changed, or is of another "
        "docTR: docTR's "
        "export_model_to_onnx, where it was trained, makes an .onnx file of it, and sigfix "
        f"convert FILE.onnx --preset {preset.name} --tfjs takes that",
    )


def _resized_presets(best: StateDictionary, preset: Preset, expected: Shapes) -> list[Preset]:
    state, _ = renamed(best.tensors, expected)
    return [resized for resized, _ in _resized(state, preset, expected)]


def _not_of_the_head(wrong: list[str], preset: Preset) -> list[str]:
    """The differences that another number of classes does not explain.

    Decoders that feed back have an embedding of the classes too.
    """
    own = (f"{preset.head}.", "embed", "decoder.embed")
    return [each for each in wrong if not each.startswith(own)]


def _other_classes(
    checkpoint: Checkpoint, preset: Preset, characters: str, state: Mapping[str, Any], head: str
) -> UsageError:
    """The checkpoint ends in another number of classes."""
    has = next(int(state[n].shape[0]) for n in state if n.startswith(f"{preset.head}."))
    if not preset.is_recogniser:
        return UsageError(
            f"the weights in {checkpoint.path} end in {has} classes, and {preset.name} in "
            f"{len(preset.classes)} ({', '.join(map(str, preset.classes))}); {head}.",
            "a classifier of other classes: export it to ONNX, and sigfix convert FILE.onnx --tfjs",
        )
    size = has - preset.extra_classes
    return UsageError(
        f"the weights in {checkpoint.path} were trained for another vocabulary, of {size} "
        f"characters. The model ends in {len(characters) + preset.extra_classes} classes "
        f"({len(characters)} characters and {preset.extra_classes} more); {head}.",
        vocabulary_hint(size),
    )


def _is_of(candidate: StateDictionary, preset: Preset, characters: str) -> bool:
    """Whether tensors are those of a preset, however many classes it has."""
    shapes = model_shapes(preset, characters if preset.is_recogniser else "")
    state, _ = renamed(candidate.tensors, shapes)
    return not _not_of_the_head(differences(state, shapes), preset)
