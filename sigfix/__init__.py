"""Inspect, repair and convert TensorFlow SavedModels.

The functions are those that the commands call, and return the values that the commands render.
They are imported when they are first used, so `import sigfix` is cheap and needs no TensorFlow.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sigfix.version import __version__

# ONNX Runtime's own build sends its maker what is run, and leaves an identifier of the machine.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from sigfix.errors import SigfixError
    from sigfix.model import SavedModel
    from sigfix.pipeline.applying import RepairOptions, RepairResult
    from sigfix.pipeline.conversion_options import ConvertOptions, ConvertResult
    from sigfix.pipeline.convert import convert
    from sigfix.pipeline.diff import diff
    from sigfix.pipeline.inspect import inspect
    from sigfix.pipeline.repair import plan, repair
    from sigfix.pipeline.verify import verify
    from sigfix.planning import Choices, Plan
    from sigfix.report import Inspection

_WHERE = {
    "Choices": "sigfix.planning",
    "ConvertOptions": "sigfix.pipeline.conversion_options",
    "ConvertResult": "sigfix.pipeline.conversion_options",
    "Inspection": "sigfix.report",
    "Plan": "sigfix.planning",
    "RepairOptions": "sigfix.pipeline.applying",
    "RepairResult": "sigfix.pipeline.applying",
    "SavedModel": "sigfix.model",
    "SigfixError": "sigfix.errors",
    "convert": "sigfix.pipeline.convert",
    "diff": "sigfix.pipeline.diff",
    "inspect": "sigfix.pipeline.inspect",
    "plan": "sigfix.pipeline.repair",
    "repair": "sigfix.pipeline.repair",
    "verify": "sigfix.pipeline.verify",
}

__all__ = [
    "Choices",
    "ConvertOptions",
    "ConvertResult",
    "Inspection",
    "Plan",
    "RepairOptions",
    "RepairResult",
    "SavedModel",
    "SigfixError",
    "__version__",
    "convert",
    "diff",
    "inspect",
    "plan",
    "repair",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'sigfix' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
