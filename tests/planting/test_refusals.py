"""A fault in any stage is refused, and nothing is published: no stage can pass on nothing.

The real programs run; the fault is planted in what comes out of one of them. A few run with every
`make test`, all of them with `make matrix`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sigfix import processes
from sigfix.cli import main
from sigfix.verifying.runners import tfjs
from tests.planting.child import FAULTS

if not all(map(find_spec, ("tensorflow", "tensorflowjs"))):
    pytest.skip("needs sigfix[tfjs]", allow_module_level=True)

SOURCE, RESULT, GRAPHS = "source", "result", "graphs"
CHILDREN = {
    "sigfix.verifying.runners.saved_model_child",
    "sigfix.verifying.runners.graph_child",
    "sigfix.verifying.runners.onnx_child",
}
TFJS_FAULTS = (
    "answers_nothing", "a_run_less", "no_outputs", "an_output_less", "swapped",
    "off_by_a_hundredth", "zeros", "not_a_number", "empty", "truncated", "lost", "killed",
)  # fmt: skip
QUICK = {
    ("repair", SOURCE, "nothing"), ("repair", RESULT, "truncated"), ("repair", RESULT, "swapped"),
    ("verify", SOURCE, "lost"), ("verify", RESULT, "off_by_a_hundredth"),
    ("convert", SOURCE, "killed"), ("convert", "tfjs", "answers_nothing"),
    ("convert", "tfjs", "swapped"), ("convert", "pass", "scaled"),
    ("quantize", GRAPHS, "nothing"), ("quantize", "tfjs", "off_by_a_hundredth"),
    ("quantize", "pass", "scaled"), ("quantize", "weights", "a scale"),
}  # fmt: skip


def cases() -> Iterator[Any]:
    rows = [("repair", side, fault) for side in (SOURCE, RESULT) for fault in FAULTS]
    rows += [("verify", side, fault) for side in (SOURCE, RESULT) for fault in FAULTS]
    for command, children in (("convert", (SOURCE,)), ("quantize", (SOURCE, GRAPHS))):
        rows += [(command, side, fault) for side in children for fault in FAULTS]
        rows += [(command, "tfjs", fault) for fault in TFJS_FAULTS]
        rows += [(command, "pass", fault) for fault in ("scaled", "dropped")]
    rows += [("quantize", "weights", fault) for fault in ("a scale", "bytes", "another's")]
    for row in rows:
        marks = [] if row in QUICK else [pytest.mark.matrix]
        yield pytest.param(*row, marks=[*marks, pytest.mark.slow], id="-".join(row))


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A model without a signature, and one with: two outputs of one shape."""
    import tensorflow as tf

    folder = tmp_path_factory.mktemp("models")
    random = np.random.default_rng(0)

    class Model(tf.Module):
        def __init__(self) -> None:
            self.left, self.right = (
                tf.Variable(random.normal(size=(24, 24)).astype("float32")) for _ in range(2)
            )

        @tf.function(input_signature=[tf.TensorSpec([None, 24], tf.float32, "x")])
        def predict(self, x: Any) -> dict[str, Any]:
            return {"left": tf.nn.relu(x @ self.left), "right": tf.tanh(x @ self.right)}

    model = Model()
    tf.saved_model.save(model, str(folder / "bare"), signatures={})
    tf.saved_model.save(model, str(folder / "signed"), signatures=model.predict)
    tf.saved_model.save(model, str(folder / "again"), signatures=model.predict)
    return {name: folder / name for name in ("bare", "signed", "again")}


@contextmanager
def planted_child(monkeypatch: pytest.MonkeyPatch, which: int, fault: str) -> Iterator[None]:
    """The child number `which` of those that run a model meets with the fault."""
    real, number = processes.started, [0]

    def started(module: str, job: dict[str, Any], *rest: Any, **named: Any) -> Any:
        if module in CHILDREN:
            number[0] += 1
            if number[0] == which:
                job = {"module": module, "job": job, "fault": fault}
                module = "tests.planting.child"
        return real(module, job, *rest, **named)

    monkeypatch.setattr(processes, "started", started)
    yield
    assert number[0] >= which, "the process that the fault is planted in was never started"


@contextmanager
def planted_runner(monkeypatch: pytest.MonkeyPatch, fault: str) -> Iterator[None]:
    monkeypatch.setenv("REAL", str(tfjs.RUNNER))
    monkeypatch.setenv("FAULT", fault)
    monkeypatch.setattr(tfjs, "RUNNER", Path(__file__).with_name("runner.mjs"))
    yield


@contextmanager
def planted_pass(monkeypatch: pytest.MonkeyPatch, fault: str) -> Iterator[None]:
    """A step of the optimiser that changes a weight by a hundredth, or reads another's."""
    from sigfix.optimising import passes

    real = passes.optimise_values

    def wrong(graph: Any, *rest: Any, **named: Any) -> Any:
        found = real(graph, *rest, **named)
        change_weights(found, fault)
        return found

    monkeypatch.setattr(passes, "optimise_values", wrong)
    yield


def change_weights(graph: Any, fault: str) -> None:
    """Change the first of the model's two weights, in a constant of its own."""
    from tensorflow.python.framework import tensor_util

    for node in graph.nodes.values():
        values = graph.constant(node.name) if node.op == "Const" else None
        if values is not None and values.size == 24 * 24:
            values = values * np.float32(1.01) if fault == "scaled" else np.zeros_like(values)
            changed = type(node)()
            changed.CopyFrom(node)
            changed.attr["value"].tensor.CopyFrom(tensor_util.make_tensor_proto(values))
            graph.nodes[node.name] = changed
            return
    raise AssertionError("there are no weights to change")


@contextmanager
def planted_weights(monkeypatch: pytest.MonkeyPatch, fault: str) -> Iterator[None]:
    """A quantised tensor that is stored wrongly: TensorFlow.js and a reader see the same."""
    import json

    from sigfix.exporting import tfjs_model

    real = tfjs_model.write_model

    def wrong(graph: Any, signature: Any, destination: Path, *rest: Any) -> None:
        real(graph, signature, destination, *rest)
        file = destination / "model.json"
        model = json.loads(file.read_text("utf-8"))
        entries = [w for w in model["weightsManifest"][0]["weights"] if "quantization" in w]
        if fault == "a scale":
            entries[0]["quantization"]["scale"] *= 1.02
        elif fault == "another's":
            names = [entry["name"] for entry in entries]
            entries[0]["name"], entries[1]["name"] = names[1], names[0]
        else:
            shard = next(destination.glob("*.bin"))
            content = bytearray(shard.read_bytes())
            content[100:140] = bytes(40)
            shard.write_bytes(content)
        file.write_text(json.dumps(model), "utf-8")

    monkeypatch.setattr(tfjs_model, "write_model", wrong)
    yield


def planted(monkeypatch: pytest.MonkeyPatch, stage: str, fault: str) -> Any:
    if stage in (SOURCE, RESULT, GRAPHS):
        return planted_child(monkeypatch, 1 if stage == SOURCE else 2, fault)
    where: dict[str, Callable[..., Any]] = {
        "tfjs": planted_runner, "pass": planted_pass, "weights": planted_weights,
    }  # fmt: skip
    return where[stage](monkeypatch, fault)


def run(command: str, models: dict[str, Path], output: Path) -> int:
    signed, bare = str(models["signed"]), str(models["bare"])
    arguments = {
        "repair": ["repair", bare, "-o", str(output), "-q"],
        "verify": ["verify", signed, str(models["again"]), "-q"],
        "convert": ["convert", signed, "--tfjs", "-o", str(output), "-q"],
        "quantize": ["convert", signed, "--tfjs", "-o", str(output), "-q", "--quantize", "uint8"],
    }
    with pytest.raises(SystemExit) as ended:
        main(arguments[command])
    code = ended.value.code
    return code if isinstance(code, int) else int(code is not None)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["repair", "verify", "convert", "quantize"])
def test_without_a_fault_all_is_well(command, models, tmp_path, node_packages) -> None:
    assert run(command, models, tmp_path / "out") == 0
    assert command == "verify" or (tmp_path / "out").is_dir()


@pytest.mark.slow
def test_the_pass_at_fault_is_named(models, tmp_path, node_packages, monkeypatch, capfd) -> None:
    from sigfix.optimising.tidying import identities

    real = identities.drop_identities

    def wrong(graph: Any) -> int:
        changed = real(graph)
        change_weights(graph, "scaled")
        return int(changed)

    monkeypatch.setattr(identities, "drop_identities", wrong)
    arguments = ["convert", str(models["signed"]), "--tfjs", "-o", str(tmp_path / "out")]
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--bisect-passes"])
    said = capfd.readouterr().err
    assert ended.value.code == 1
    assert "The pass identities is at fault" in said
    assert "--without-pass identities" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("command", "stage", "fault"), list(cases()))
def test_a_planted_fault_is_refused(
    command, stage, fault, models, tmp_path, node_packages, monkeypatch, capfd
) -> None:
    with planted(monkeypatch, stage, fault):
        code = run(command, models, tmp_path / "out")
    said = capfd.readouterr()
    assert code in (1, 2), said
    assert "Traceback" not in said.err
    assert not (tmp_path / "out").exists()
    assert "same" not in said.out.replace("not the same", "")
