"""`repair --preset NAME`: docTR -> ONNX -> SavedModel, each stage compared with the one before."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigfix.card import Card, make_card, write_card
from sigfix.packages import require_extras
from sigfix.pipeline import staging
from sigfix.pipeline.hub_folder import settled
from sigfix.pipeline.notes import nonfinite, weight_notes
from sigfix.pipeline.preset_options import PresetOptions
from sigfix.pipeline.progress import Say, silent
from sigfix.presets import Preset
from sigfix.temporary import temporary_folder

if TYPE_CHECKING:  # at run time it needs numpy, and some commands do without
    from sigfix.verifying.verdict import Verification


@dataclass(frozen=True)
class PresetResult:
    """What was built, where it is, and how far each stage is from the one before.

    `notes` are lines about the weights that a user should read.
    """

    preset: Preset
    card: Card
    output: Path
    onnx_file: Path | None
    stages: tuple[Verification, ...]
    notes: tuple[str, ...] = ()


def build_preset(
    name: str,
    output: Path | str | None = None,
    options: PresetOptions | None = None,
    *,
    force: bool = False,
    keep_onnx: bool = False,
    say: Say = silent,
    show: Callable[[Preset, Card, Path], None] = lambda preset, card, output: None,
) -> PresetResult:
    """Build the SavedModel of a docTR preset in `output` (./NAME by default).

    `show` is called with what will be written before anything is. Raises what
    `importing.doctr.build_model` raises, `OutputError` where the result cannot be written, and
    `ParityError` (nothing is published) where a stage differs from the one before.
    """
    options, told = settled(name, options or PresetOptions())
    preset = options.preset(name)
    destination = Path(preset.name if output is None else output)
    kept = destination.with_name(f"{destination.name}.onnx") if keep_onnx else None
    staging.refuse_existing(destination, force)
    if kept is not None:
        staging.refuse_existing(kept, force, is_file=True)
    with temporary_folder() as temporary:
        onnx_file = temporary / f"{preset.name}.onnx"
        model, exported = export_preset(preset, options, onnx_file, say)
        preset = model.preset
        card = make_card(preset, model.vocabulary, model.weights, options.normalize)
        show(preset, card, destination)
        from sigfix.pipeline.preset_checks import compare_saved_model, require_parity

        with ExitStack() as publishing:
            if kept is not None:
                copy = publishing.enter_context(staging.publish_file(kept, force))
                shutil.copyfile(onnx_file, copy)
            place = publishing.enter_context(staging.publish_to(destination, force))
            say("building the SavedModel")
            finished = finish_onnx(preset, onnx_file, temporary, options.normalize)
            import_preset(preset, finished, place)
            write_card(card, place)
            say("comparing the SavedModel, read back from disk, with ONNX Runtime")
            imported = compare_saved_model(preset, finished, place, normalize=options.normalize)
            for verification in (exported, imported):
                require_parity(verification)
        notes = (*told, *weight_notes(model.weights, model.notes), *nonfinite(onnx_file))
    return PresetResult(preset, card, destination, kept, (exported, imported), notes)


def export_preset(
    preset: Preset, options: PresetOptions, onnx_file: Path, say: Say
) -> tuple[Any, Verification]:
    """docTR -> `onnx_file`, compared with PyTorch; returns the docTR model and the comparison."""
    require_extras("Building a docTR preset", "doctr")
    say(f"building {preset.name} with docTR ({options.weights} weights)")
    from sigfix.importing import doctr
    from sigfix.pipeline.preset_checks import compare_onnx

    model = doctr.build_model(
        preset, options.weights, options.seed, options.vocabulary, options.names
    )
    preset = model.preset
    say("exporting to ONNX")
    doctr.export_onnx(model, preset, onnx_file)
    return model, compare_onnx(model, preset, onnx_file)


def finish_onnx(preset: Preset, onnx_file: Path, folder: Path, normalize: bool = False) -> Path:
    """A docTR export as the preset wants it: `onnx_file` itself, or a new file in `folder`.

    See `onnx_graph.finish`, which says what it raises.
    """
    import onnx

    from sigfix.importing import onnx_graph

    model = onnx_graph.read_onnx(onnx_file)
    if not onnx_graph.finish(model, preset, onnx_file, normalize):
        return onnx_file
    finished = folder / f"{preset.name}.{preset.output}.onnx"
    onnx.save(model, finished)
    return finished


def import_preset(preset: Preset, finished: Path, destination: Path) -> None:
    """Finished ONNX -> SavedModel: NHWC `input`, static height and width, dynamic batch.

    Raises `ConversionError` where the ONNX graph cannot be expressed.
    """
    from sigfix.importing import onnx_graph
    from sigfix.importing.onnx_simplification import simplify
    from sigfix.importing.onnx_to_saved_model import save_onnx

    model = onnx_graph.read_onnx(finished)
    onnx_graph.fix_dimensions(model, {"input": (None, 3, preset.height, preset.width)})
    save_onnx(simplify(model), destination, channels_last_inputs=("input",))
