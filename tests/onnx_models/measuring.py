"""One network by one exporter: converted, and compared with PyTorch on two backends."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from sigfix.errors import SigfixError, first_line
from sigfix.pipeline.convert import convert
from sigfix.verifying.runners import tfjs
from tests.importing.single_node import onnx_runtime_outputs
from tests.onnx_models.exporting import EXPORTED_WITH, RUN_WITH, Network, built, export

TOLERANCE = 1e-4
LEAST = 0.01
"""How far answers to different inputs lie apart at least, as a part of an output's range: a
network whose answer is its last bias shows nothing."""


@dataclass(frozen=True)
class Result:
    """`right`, `wrong`, `refused`, `unexported` or `unmeasurable`; the opset; differences.

    The differences are those on cpu and wasm. Unmeasurable is a network whose own rounding is
    more than what is allowed.
    """

    verdict: str
    opset: int = 0
    cpu: float = 0.0
    wasm: float = 0.0
    detail: str = ""
    hint: str = ""


def measure(network: Network, exporter: str, folder: Path) -> Result:
    """Export, convert, and run on sizes that the export has not seen."""
    module = built(network)
    given, expected = _answers(network, module, RUN_WITH)
    spread = min(_spread(value) for value in expected)
    if spread < LEAST:
        return Result("unexported", detail=f"answers differ by {spread:.1g} of their range only")
    try:
        model = export(network, module, exporter)
    except Exception as error:  # PyTorch's exporters have errors of many kinds
        return Result("unexported", detail=f"{type(error).__name__}: {first_line(error)}")
    opset = next(each.version for each in model.opset_import if not each.domain)
    detail = ""
    if not _takes(model, given):
        given, expected = _answers(network, module, EXPORTED_WITH)
        detail = "its sizes alone"
    file, web = folder / "m.onnx", folder / "web"
    onnx.save(model, file)
    try:
        result = convert(file, web)
    except SigfixError as error:
        return Result("refused", opset, detail=error.message, hint=error.hint or "")
    fed = {name: _as_tfjs(value) for name, value in given.items()}
    fed = {name: value for name, value in fed.items() if name not in result.unused_inputs}
    off = {}
    for backend in ("cpu", "wasm"):
        try:
            found = tfjs.run(web, [fed], list(result.outputs), backend=backend)
        except SigfixError as error:
            return Result("wrong", opset, float("inf"), float("inf"), error.message)
        off[backend] = difference(expected, list(found.outputs[0].values()))
    right = max(off.values()) <= TOLERANCE and result.comparisons and not result.not_verified
    if not right and (rounding := _rounding(module, given, expected)) > TOLERANCE:
        said = (
            f"PyTorch's own answers are {rounding:.0e} of their range from its double precision's"
        )
        return Result("unmeasurable", opset, off["cpu"], off["wasm"], said)
    mode = "" if result.mode == "execute" else f"`{result.mode}`"
    said = ", ".join(each for each in (mode, detail) if each)
    return Result("right" if right else "wrong", opset, off["cpu"], off["wasm"], said)


def _answers(
    network: Network, module: Any, opened: Mapping[str, int]
) -> tuple[dict[str, Any], list[Any]]:
    """Drawn inputs by name, and what PyTorch computes of them."""
    import torch

    given = network.draw(opened, seed=20)
    with torch.no_grad():
        made = module(*given.values())
    made = made if isinstance(made, tuple) else (made,)
    return {name: value.numpy() for name, value in given.items()}, [v.numpy() for v in made]


def _rounding(module: Any, given: Mapping[str, Any], expected: list[Any]) -> float:
    """How far PyTorch's answers are from those in double precision, as a part of their range."""
    import torch

    tensors = [torch.from_numpy(value) for value in given.values()]
    exact = [each.double() if each.is_floating_point() else each for each in tensors]
    with torch.no_grad():
        made = copy.deepcopy(module).double()(*exact)
    made = made if isinstance(made, tuple) else (made,)
    return difference([value.numpy() for value in made], expected)


def _takes(model: Any, given: dict[str, Any]) -> bool:
    """Whether ONNX Runtime runs an export on these: some have the sizes of their export inside."""
    named = {value.name for value in model.graph.input}
    try:
        onnx_runtime_outputs(model, {k: v for k, v in given.items() if k in named})
    except Exception:  # its errors are of a module that is not public
        return False
    return True


def _as_tfjs(value: Any) -> Any:
    return value.astype(np.int32) if value.dtype == np.int64 else value


def difference(expected: list[Any], found: list[Any]) -> float:
    """The largest difference of an output, as a part of its range; infinite where shapes differ."""
    worst = 0.0
    for value, other in zip(expected, found, strict=True):
        if value.shape != other.shape or not np.isfinite(other).all():
            return float("inf")
        worst = max(worst, float(np.abs(value.astype(float) - other).max() / np.ptp(value)))
    return worst


def _spread(value: Any) -> float:
    """How far the answers of a batch lie apart, as a part of the range of all."""
    if value.shape[0] == 1:
        return 1.0
    return float(np.abs(value - value[:1]).max() / np.ptp(value))
