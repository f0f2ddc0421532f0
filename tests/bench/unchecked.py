"""docTR models as an ONNX file and for TensorFlow.js, to be timed: nothing in them is compared.

    python -m tests.bench.unchecked FOLDER [NAME ...]

`make matrix` builds the same models and compares every stage, which takes several times as long.
What a folder has of a model already is left as it is.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from sigfix import ConvertOptions, convert
from sigfix.importing import doctr
from sigfix.pipeline.prepared import SourceChoice
from sigfix.pipeline.preset import finish_onnx
from sigfix.pipeline.preset_options import PresetOptions
from sigfix.presets import PRESETS
from tests.matrix.stages import options_of


def build_unchecked(name: str, folder: Path) -> tuple[Path, Path]:
    """The ONNX file and the TensorFlow.js model of a preset in `folder`, made where absent."""
    options = options_of(name)
    preset = options.preset(name)
    exported, web = folder / f"{name}.onnx", folder / "tfjs"
    if not exported.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        model = doctr.build_model(preset, options.weights, options.seed, options.vocabulary)
        doctr.export_onnx(model, model.preset, exported)
    if not (web / "model.json").is_file():
        choice = SourceChoice(preset=name, preset_options=PresetOptions(size=options.size))
        convert(exported, web, ConvertOptions(choice=choice, verify=False))
    return finish_onnx(preset, exported, folder), web


if __name__ == "__main__":
    for each in sys.argv[2:] or PRESETS:
        start = time.perf_counter()
        build_unchecked(each, Path(sys.argv[1]) / each)
        print(f"{each:36} {time.perf_counter() - start:4.0f} s", flush=True)
