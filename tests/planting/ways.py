"""The ways in which a fault gets into a stage; each raises where the stage was never reached."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sigfix import processes
from sigfix.pipeline import simplifying
from sigfix.verifying.runners import tfjs
from tests.planting import onnx_faults
from tests.planting.cases import AS_IT_IS, Stage
from tests.planting.models import SIZE


@contextmanager
def planted(monkeypatch: pytest.MonkeyPatch, stage: Stage, fault: str) -> Iterator[None]:
    """What the stage answers meets with the fault in this block, and must be asked in it."""
    reached: list[str] = []
    with WAYS[stage.way](monkeypatch, stage, fault, reached):
        yield
    assert reached, f"what the fault is planted in ({stage.way}) was never started"


@contextmanager
def in_child(
    monkeypatch: pytest.MonkeyPatch, stage: Stage, fault: str, reached: list[str]
) -> Iterator[None]:
    """The child process of that number among those that run the stage's modules."""
    real, number = processes.started, [0]

    def started(module: str, job: dict[str, Any], *rest: Any, **named: Any) -> Any:
        if module in stage.modules:
            number[0] += 1
            if number[0] == stage.number:
                reached.append(module)
                job = {"module": module, "job": job, "fault": fault}
                module = "tests.planting.child"
        return real(module, job, *rest, **named)

    for place in (processes, simplifying):  # both call it by a name of their own
        monkeypatch.setattr(place, "started", started)
    yield


@contextmanager
def in_runner(
    monkeypatch: pytest.MonkeyPatch, stage: Stage, fault: str, reached: list[str]
) -> Iterator[None]:
    """The program that runs TensorFlow.js; what it wrote is changed."""
    real = tfjs._start

    def start(*given: Any) -> Any:
        reached.append("runner.mjs")
        return real(*given)

    monkeypatch.setattr(tfjs, "_start", start)
    monkeypatch.setenv("REAL", str(tfjs.RUNNER))
    monkeypatch.setenv("FAULT", fault)
    monkeypatch.setattr(tfjs, "RUNNER", Path(__file__).with_name("runner.mjs"))
    yield


@contextmanager
def in_pass(
    monkeypatch: pytest.MonkeyPatch, stage: Stage, fault: str, reached: list[str]
) -> Iterator[None]:
    """A step of the optimiser that changes a weight by a hundredth, or drops it."""
    from sigfix.optimising import passes

    real = passes.optimise_values

    def wrong(graph: Any, *rest: Any, **named: Any) -> Any:
        found = real(graph, *rest, **named)
        change_weights(found, fault)
        reached.append("optimise_values")
        return found

    monkeypatch.setattr(passes, "optimise_values", wrong)
    yield


def change_weights(graph: Any, fault: str) -> None:
    """Change the first of the model's two weights, in a constant of its own."""
    from tensorflow.python.framework import tensor_util

    changes = {"scaled": lambda v: v * np.float32(1.01), "dropped": np.zeros_like}
    for node in graph.nodes.values():
        values = graph.constant(node.name) if node.op == "Const" else None
        if values is not None and values.size == SIZE * SIZE:
            if fault != AS_IT_IS:
                changed = type(node)()
                changed.CopyFrom(node)
                tensor = tensor_util.make_tensor_proto(changes[fault](values))
                changed.attr["value"].tensor.CopyFrom(tensor)
                graph.nodes[node.name] = changed
            return
    raise AssertionError("there are no weights to change")


@contextmanager
def in_weights(
    monkeypatch: pytest.MonkeyPatch, stage: Stage, fault: str, reached: list[str]
) -> Iterator[None]:
    """A quantised tensor that is stored wrongly: TensorFlow.js and a reader see the same."""
    from sigfix.exporting import tfjs_model

    real = tfjs_model.write_model

    def wrong(graph: Any, signature: Any, destination: Path, *rest: Any) -> None:
        real(graph, signature, destination, *rest)
        file = destination / "model.json"
        model = json.loads(file.read_text("utf-8"))
        entries = [w for w in model["weightsManifest"][0]["weights"] if "quantization" in w]
        reached.append(entries[0]["name"])
        if fault == "a scale":
            entries[0]["quantization"]["scale"] *= 1.02
        elif fault == "another's":
            names = [entry["name"] for entry in entries]
            entries[0]["name"], entries[1]["name"] = names[1], names[0]
        elif fault == "bytes":
            shard = next(destination.glob("*.bin"))
            content = bytearray(shard.read_bytes())
            content[100:140] = bytes(40)
            shard.write_bytes(content)
        file.write_text(json.dumps(model), "utf-8")

    monkeypatch.setattr(tfjs_model, "write_model", wrong)
    yield


@contextmanager
def in_import(
    monkeypatch: pytest.MonkeyPatch, stage: Stage, fault: str, reached: list[str]
) -> Iterator[None]:
    """The import of an ONNX file, which is done in this process."""
    from sigfix.importing import onnx_to_saved_model

    real = onnx_to_saved_model.save_onnx

    def wrong(model: Any, *rest: Any) -> None:
        reached.append("save_onnx")
        onnx_faults.FAULTS[fault](model)
        real(model, *rest)

    monkeypatch.setattr(onnx_to_saved_model, "save_onnx", wrong)
    yield


Way = Callable[[pytest.MonkeyPatch, Stage, str, list[str]], AbstractContextManager[None]]

WAYS: dict[str, Way] = {
    "child": in_child, "runner": in_runner, "pass": in_pass, "weights": in_weights,
    "import": in_import,
}  # fmt: skip
