"""Many single-node models in one TensorFlow.js model: what do they compute there?

    python -m tests.importing.tfjs_truth      runs every counted node test in Node.js (wasm)

Starting TensorFlow.js costs more than running a thousand operators, so the models share one
graph. Where that graph fails the models are halved until those that make it fail are alone.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray[Any, Any]]


@dataclass(frozen=True)
class Check:
    """A model of one node, its inputs and what has to come out."""

    name: str
    model: Any
    inputs: Arrays
    expected: Arrays
    rtol: float
    atol: float


def failures(checks: Sequence[Check]) -> dict[str, str]:
    """Name -> what is wrong, for each check whose model does not compute this in TF.js."""
    if not checks:
        return {}
    try:
        found = _run(checks)
    except Exception as error:  # whatever the conversion or TensorFlow.js meets
        if len(checks) == 1:
            return {checks[0].name: " ".join(str(error).split())[:300]}
        half = len(checks) // 2
        return {**failures(checks[:half]), **failures(checks[half:])}
    return {c.name: wrong for c, f in zip(checks, found, strict=True) if (wrong := _wrong(c, f))}


def _wrong(check: Check, found: Arrays) -> str:
    for name, wanted in check.expected.items():
        try:
            assert found[name].shape == wanted.shape, (found[name].shape, wanted.shape)
            np.testing.assert_allclose(
                found[name].astype(wanted.dtype), wanted, rtol=check.rtol, atol=check.atol
            )
        except AssertionError as error:
            return " ".join(str(error).split())[:300]
    return ""


def _run(checks: Sequence[Check]) -> list[Arrays]:
    import tensorflow as tf

    from sigfix.exporting import freezing, tfjs_model
    from sigfix.importing.tracing import trace
    from sigfix.optimising import passes
    from sigfix.verifying.runners import tfjs

    specs = {
        f"c{n}_{name}": tf.TensorSpec(value.shape, value.dtype, f"c{n}_{name}")
        for n, check in enumerate(checks)
        for name, value in check.inputs.items()
    }

    def serve(**tensors: Any) -> dict[str, Any]:
        results = {}
        for n, check in enumerate(checks):
            fed = {name: tensors[f"c{n}_{name}"] for name in check.inputs}
            for name, value in trace(check.model, fed).items():
                results[f"r{n}_{name}"] = tf.identity(value)
        return results

    function = tf.function(serve, autograph=False).get_concrete_function(**specs)
    with tempfile.TemporaryDirectory() as folder:
        saved, web = Path(folder) / "saved", Path(folder) / "web"
        web.mkdir()
        tf.saved_model.save(tf.Module(), str(saved), signatures={"serve": function})
        frozen = freezing.freeze(saved, "serve")
        graph = passes.optimise_kernels(passes.optimise_values(frozen.graph))
        tfjs_model.write_model(graph, frozen.signature, web)
        fed = {
            f"c{n}_{name}": value.astype(np.int32) if value.dtype == np.int64 else value
            for n, check in enumerate(checks)
            for name, value in check.inputs.items()
            if f"c{n}_{name}" not in frozen.unused_inputs
        }
        wanted = [f"r{n}_{name}" for n, c in enumerate(checks) for name in c.expected]
        ran = tfjs.run(web, [fed], wanted)
    if ran.mode != "execute":
        raise RuntimeError("it runs under executeAsync only")
    if ran.missing_kernel:
        raise RuntimeError(f"wasm has no {ran.missing_kernel}")
    (values,) = ran.outputs
    return [
        {name: values[f"r{n}_{name}"] for name in check.expected} for n, check in enumerate(checks)
    ]


def node_test_checks(operators: set[str]) -> list[Check]:
    """ONNX's node tests of these operators, those left out that sigfix refuses."""
    from sigfix.errors import SigfixError
    from tests.importing.node_cases import cases, constants_of, with_constants
    from tests.importing.single_node import traced

    checks = []
    for case in cases(operators):
        constants = constants_of(case)
        inputs, expected = case.sets[0]
        if not all(array.size for array in (*inputs.values(), *expected.values())):
            continue  # TensorFlow.js has no placeholder without elements
        fixed = {n: v for n, v in inputs.items() if n in constants}
        model = with_constants(case.model, fixed)
        try:
            traced(model)
        except SigfixError:
            continue
        fed = {n: v for n, v in inputs.items() if n not in constants}
        checks.append(
            Check(case.name, model, fed, expected, max(case.rtol, 1e-4), max(case.atol, 1e-5))
        )
    return checks


def random_form_checks(count: int, seed: int = 0) -> list[Check]:
    """Random forms of every kind that ONNX Runtime runs and sigfix does not refuse."""
    from tests.importing.random_forms import GENERATORS, forms

    named = {
        f"{kind} {number} {case}": case
        for kind in GENERATORS
        for number, case in enumerate(forms(kind, count, seed))
    }
    return case_checks(named)


def case_checks(cases: Mapping[str, Any]) -> list[Check]:
    """Those of some cases, by name, that ONNX Runtime runs and sigfix does not refuse."""
    from sigfix.errors import SigfixError
    from tests.importing.single_node import inputs_of, model_of, onnx_runtime_outputs, traced

    checks = []
    for name, case in cases.items():
        model, inputs = model_of(case), inputs_of(case)
        try:
            expected = onnx_runtime_outputs(model, inputs)
            traced(model)
        except (SigfixError, RuntimeError):
            continue
        except Exception as error:
            if type(error).__module__.startswith("onnxruntime"):
                continue  # a form that ONNX Runtime lacks
            raise
        checks.append(Check(name, model, inputs, expected, 1e-3, 1e-4))
    return checks


if __name__ == "__main__":
    from tests.importing.operators_in_use import operators_in_use

    for checks in (node_test_checks(set(operators_in_use())), random_form_checks(8)):
        found = failures(checks)
        print(len(checks), "checks,", len(found), "fail", dict(Counter(found.values())))
        for name, reason in found.items():
            print(" ", name, "|", reason)
