"""The parts of one model's result, each in a process of its own: python -m tests.matrix.sections.

A process that ends without a result (out of memory, a crash of TensorFlow) costs one section, and
the next run of `make matrix` goes on with it.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sigfix.errors import SigfixError
from tests.matrix import browser, stages
from tests.matrix.foretelling import foretold_failures
from tests.matrix.results import CACHE, folder_of, write_section

QUANTISED = ("float16", "uint8")
BROWSER_LIMIT_SECONDS = 600.0


def build(name: str, folder: Path) -> Any:
    """docTR -> ONNX -> SavedModel."""
    return {"rows": [stages.row(found) for found in stages.build(name, folder)]}


def convert(name: str, folder: Path) -> Any:
    """`sigfix convert` from the ONNX file, timed with its own check, then compared for every case.

    Memory is the peak of the process, or of Node.js below it where that is more.
    """
    from sigfix.verifying.runners import tfjs

    options = stages.options_of(name)
    command = [sys.executable, "-m", "sigfix", "convert", str(folder / f"{name}.onnx"), "--tfjs"]
    command += ["--preset", name, "-o", str(folder / "tfjs"), "--force", "--quiet"]
    command += [] if options.size is None else ["--size", str(options.size)]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"sigfix convert: {done.stderr.strip()}")
    preset = options.preset(name)
    inputs = [{"input": arrays["input"]} for arrays in stages.kept(name, folder)]
    run = tfjs.run(folder / "tfjs", inputs, [preset.output])
    return {
        "rows": [stages.row(found) for found in stages.compare_tfjs(name, folder, run.outputs)],
        "mode": run.mode,
        "backend": run.backend,
        "tfjs": run.tfjs_version,
        "seconds": seconds,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_mb": used.ru_maxrss / 1024,
    }


def operators(name: str, folder: Path) -> Any:
    """Operators of model.json against what the simplified ONNX graph needs in TF.js."""
    from tests.matrix import operators as counting

    return counting.measure(name, folder)


def in_browser(name: str, folder: Path) -> Any:
    """Run in Chromium on each backend, next to what `sigfix inspect` says of that backend."""
    preset = stages.options_of(name).preset(name)
    arrays = stages.kept(name, folder)[0]
    found = []
    for backend in ("wasm", "webgl"):
        run = browser.run(
            folder / "tfjs", {"input": arrays["input"]}, [preset.output], backend,
            BROWSER_LIMIT_SECONDS,
        )  # fmt: skip
        pair = (stages.SAVED_MODEL, stages.TFJS)
        expected = {preset.output: arrays[stages.SAVED_MODEL]}
        (comparison,) = stages.compare_stage(
            pair, [expected], [run.outputs], preset, stages.kept_noise(arrays)
        )
        compared = stages.row(comparison)
        found.append(
            {
                "backend": backend,
                **row_of(run, compared, folder / "tfjs", backend, run.backend == backend),
            }
        )
    return found


def row_of(
    run: Any, compared: Mapping[str, Any], model: Path, backend: str, as_asked: bool
) -> dict[str, Any]:
    """What became of a model in Chromium, and whether `inspect` had said so.

    `compared` is how far it is from what it should be, `as_asked` whether it ran in the way meant.
    """
    works = not run.error and bool(compared["ok"]) and as_asked
    foretold = foretold_failures(model, backend)
    return {
        "mode": run.mode,
        "renderer": run.renderer,
        "seconds": run.seconds,
        "error": run.error,
        "relative": compared["relative"],
        "works": works,
        "inspect": foretold,
        "agrees": works == (not foretold),
    }


def sizes(name: str, folder: Path) -> Any:
    """Bytes of the TF.js folder as float32, float16 and uint8, and the loss of the last two."""
    import shutil

    from sigfix import ConvertOptions
    from sigfix import convert as sigfix_convert

    found: dict[str, Any] = {"float32": {"bytes": _bytes(folder / "tfjs")}}
    for kind in QUANTISED:
        place = folder / f"tfjs_{kind}"
        shutil.rmtree(place, ignore_errors=True)
        result = sigfix_convert(folder / "saved_model", place, ConvertOptions(quantize=kind))
        worst = [c.parity.worst for c in result.losses]
        loss = max((w.relative for w in worst if w is not None and w.relative), default=None)
        found[kind] = {"bytes": _bytes(place), "loss": loss}
        shutil.rmtree(place)
    return found


def words(name: str, folder: Path) -> Any:
    """Rendered words read with the shipped weights, which one preset has; {} for the others."""
    from tests.matrix import words as rendered

    return rendered.compare_readings(folder) if name == rendered.PRESET else {}


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


SECTIONS: dict[str, Callable[[str, Path], Any]] = {
    "build": build,
    "convert": convert,
    "operators": operators,
    "browser": in_browser,
    "sizes": sizes,
    "words": words,
}
NEEDS = {"convert": "build", "operators": "convert", "browser": "convert", "sizes": "build"}


def main(section: str, name: str, cache: str = str(CACHE)) -> int:
    """Measure one section of one model and write it; 1 where it failed, which is written too."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        value = SECTIONS[section](name, folder_of(name, Path(cache)))
    except (SigfixError, RuntimeError, OSError, ValueError, AssertionError) as error:
        text = " ".join(str(error).split())[:600] or type(error).__name__
        write_section(name, section, {"error": text}, Path(cache))
        print(f"{name} {section}: {text}", file=sys.stderr)
        return 1
    write_section(name, section, value, Path(cache))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
