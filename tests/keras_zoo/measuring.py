"""One model of the zoo in one form: saved, converted, and compared with Keras on two backends."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from sigfix.errors import SigfixError
from sigfix.pipeline.conversion_options import ConvertOptions
from sigfix.pipeline.convert import convert
from sigfix.pipeline.prepared import STRINGS, SourceChoice
from sigfix.verifying.runners import tfjs
from tests.keras_zoo import composed, drawing, images, preprocessing, recurrent, transformers
from tests.keras_zoo.forking import forked

ROWS = {
    **images.ROWS, **preprocessing.ROWS, **composed.ROWS, **transformers.ROWS, **recurrent.ROWS
}  # fmt: skip
LIBRARIES = ("tf_keras", "keras")
FORMS = (".keras", ".h5", "export", "save")
TOLERANCE, OF_HALVES = 1e-4, 3e-3
"""Of an output's range; the larger one where the model itself computes with float16."""


@dataclass(frozen=True)
class Result:
    """What came of one form: `right`, `wrong`, `refused` or `unsaved`, and why or how.

    `cut` is what is refused and right by the command that the refusal prints, `--cut-strings`.
    `same` says that graph and weights are those of a form that was run, which stands for this one.
    """

    verdict: str
    detail: str = ""
    hint: str = ""
    same: bool = False


def measure(
    name: str,
    library: str,
    folder: Path,
    forms: Sequence[str] = FORMS,
    verify: bool = False,
) -> dict[str, Result]:
    """The forms of one model; with `verify` sigfix has to verify them as well."""
    keras = import_module(library)
    tolerance = OF_HALVES if name in composed.HALVES else TOLERANCE
    drawing.seeded(keras)
    try:
        model = ROWS[name](keras)
        inputs = drawing.specs(name, model)
        fed = drawing.draw(inputs)
        if name in composed.SUBCLASSED:
            drawing.predicted(name, model, fed)
        model = drawing.with_weights(model)
        expected = drawing.predicted(name, model, fed)
    except (TypeError, ValueError, AttributeError) as error:  # this library has no such layer
        return dict.fromkeys(forms, Result("unsaved", _first(error)))
    found = {}
    run: dict[str, str] = {}
    for number, form in enumerate(forms):
        place = folder / f"{number}{form if form.startswith('.') else ''}"
        try:
            _save(model, library, form, place)
        except Exception as error:  # Keras raises several kinds for what it cannot save
            found[form] = Result("unsaved", _first(error))
            continue
        for way in (forked, contextlib.nullcontext):
            options = ConvertOptions(seconds=240, verify=verify, force=True)
            web = folder / f"{number}_web"
            with way():
                found[form] = _converted(place, web, options, fed, expected, tolerance, run)
            if found[form].verdict in ("right", "cut"):
                break
    return found


def _save(model: Any, library: str, form: str, place: Path) -> None:
    import tensorflow as tf

    with contextlib.redirect_stdout(io.StringIO()):
        if form == "save":
            tf.saved_model.save(model, str(place))
        elif form == "export":
            model.export(str(place))
        else:
            model.save(str(place))


def _converted(
    source: Path,
    web: Path,
    options: ConvertOptions,
    fed: drawing.Arrays,
    expected: list[np.ndarray[Any, Any]],
    tolerance: float,
    run: dict[str, str],
) -> Result:
    """Convert and compare; `run` has what was right of this model, by its graph."""
    try:
        result = convert(source, web, options)
    except SigfixError as error:
        said = error.message.replace(str(source), "MODEL")
        hint = (error.hint or "").replace(str(source), "MODEL")
        if STRINGS not in hint:
            return Result("refused", said, hint)
        try:
            convert(source, web, replace(options, verify=True, choice=SourceChoice(cut=STRINGS)))
        except SigfixError as worse:
            return Result("wrong", f"the printed way fails: {worse.message[:160]}", hint)
        return Result("cut", said, hint)
    graph = _graph(web)
    if graph in run:
        return Result("right", run[graph], same=True)
    names = _names(web, fed)
    arrays = {key: fed[own] for key, own in names.items() if key not in result.unused_inputs}
    modes = []
    for backend in ("cpu", "wasm"):
        found = tfjs.run(web, [arrays], list(result.outputs), backend=backend)
        worst = _difference(expected, list(found.outputs[0].values()))
        if not worst <= tolerance:
            return Result("wrong", f"{backend}: off by {worst:.1g} of the range")
        lacking = f", no {found.missing_kernel} on wasm" if found.missing_kernel else ""
        modes.append(("async" if found.mode == "executeAsync" else "") + lacking)
    run[graph] = modes[-1]
    return Result("right", modes[-1])


def _graph(web: Path) -> str:
    """A digest of the operators, how they are connected, and the weights, under any names."""
    model = json.loads((web / "model.json").read_text("utf-8"))
    nodes = [*model["modelTopology"]["node"], *model.get("modelInitializer", {}).get("node", [])]
    numbers = {node["name"]: f"n{number}" for number, node in enumerate(nodes)}

    def number(reference: str) -> str:
        name, mark, place = reference.lstrip("^").partition(":")
        return f"{numbers[name]}{mark}{place}"

    for node in nodes:
        node["name"] = numbers[node["name"]]
        node["input"] = [number(reference) for reference in node.get("input", [])]
    weights = [spec for group in model["weightsManifest"] for spec in group["weights"]]
    for spec in weights:
        spec["name"] = numbers[spec["name"]]
    digest = hashlib.sha256(json.dumps([nodes, weights], sort_keys=True).encode())
    for shard in sorted(web.glob("*.bin")):
        digest.update(shard.read_bytes())
    return digest.hexdigest()


def _names(web: Path, fed: drawing.Arrays) -> dict[str, str]:
    """The signature's inputs -> those of the model: by their names, or by type and shape."""
    signature = json.loads((web / "model.json").read_text("utf-8"))["signature"]
    names: dict[str, str] = {}
    for key, info in signature["inputs"].items():
        sizes = [int(dim.get("size", 0)) for dim in info["tensorShape"].get("dim", [])]
        fitting = [
            own
            for own, value in fed.items()
            if own not in names.values() and len(sizes) == value.ndim
            and all(n in (-1, m) for n, m in zip(sizes, value.shape, strict=True))
        ]  # fmt: skip
        names[key] = key if key in fed else fitting[0]
    return names


def _difference(expected: list[np.ndarray[Any, Any]], found: list[np.ndarray[Any, Any]]) -> float:
    """The largest difference of an output, as a part of its range; outputs differ by shape."""
    worst = 0.0
    for value in expected:
        same = [other for other in found if other.shape == value.shape]
        if not same:
            return float("nan")
        exact = value.astype(np.float64)
        reach = float(np.ptp(exact)) or 1.0
        worst = max(worst, min(float(np.abs(other - exact).max()) / reach for other in same))
    return worst


def _first(error: Exception) -> str:
    text = " ".join(str(error).split("\n\n")[0].split())
    return f"{type(error).__name__}: {text[:160]}"
