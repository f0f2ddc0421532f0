"""A Keras model's outputs keep their own numbers, whatever structure the model returns them in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sigfix.importing import keras_child
from sigfix.pipeline.repair import repair
from sigfix.reading import read_any
from sigfix.verifying.runners.keras_child import load
from tests.importing.keras_models import library, save

pytest.importorskip("tf_keras")

KINDS = ("keras2.h5", "keras2.keras", "keras3.keras")


def structures(z: Any, a: Any, m: Any) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """(what, the model's outputs, each output's name -> the tensor that it is)."""
    yield "one", z, {"z_layer": z}
    yield "list", [z, a], {"z_layer": z, "a_layer": a}
    yield "dict", {"zzz": z, "aaa": a}, {"zzz": z, "aaa": a}
    yield "dict of three", {"b": m, "c": z, "a": a}, {"b": m, "c": z, "a": a}
    yield "keys like the others' layers", {"z_layer": a, "a_layer": z}, {"z_layer": a, "a_layer": z}
    yield "dict of lists", {"x": [z, a], "b": m}, {"x_0": z, "x_1": a, "b": m}
    yield "dict of dicts", {"y": {"q": z, "p": a}, "b": m}, {"y_q": z, "y_p": a, "b": m}
    yield "list of dicts", [{"q": z, "p": a}, m], {"q": z, "p": a, "m_layer": m}
    yield "keys that are no names", {"a.b": z, "a/b": a}, {"a_b": z, "a_b_1": a}


NAMES = [what for what, *_ in structures(None, None, None)]
X = np.linspace(-1, 1, 8, dtype="float32").reshape(2, 4)


def build(k: Any, what: str) -> tuple[Any, dict[str, np.ndarray]]:
    """The model, and what each of its outputs is for `X`: by a model of that tensor alone."""
    k.utils.set_random_seed(3)
    inputs = k.Input([4], name="given")
    tensors = [k.layers.Dense(2, name=f"{name}_layer")(inputs) for name in "zam"]
    _, outputs, named = next(item for item in structures(*tensors) if item[0] == what)
    expected = {
        name: k.Model(inputs, tensor).predict(X, verbose=0) for name, tensor in named.items()
    }
    return k.Model(inputs, outputs), expected


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path, str], dict[str, Any]]:
    """A job as the pipeline gives it; trusted, so that this process is not confined."""
    monkeypatch.setattr("sys.argv", ["child", str(tmp_path / "job.pickle")])

    def make(path: Path, kind: str) -> dict[str, Any]:
        return {"file": str(path), "keras2": kind.startswith("keras2"), "trust": True}

    return make


def exported_outputs(folder: Path, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    import tensorflow as tf

    signature = tf.saved_model.load(str(folder)).signatures["serving_default"]
    fed = {name: tf.constant(value) for name, value in inputs.items()}
    return {name: value.numpy() for name, value in signature(**fed).items()}


def told(job: dict[str, Any], inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What the reference says that the model computes."""
    (predicts,) = load({"path": job["file"], "model": job})
    return dict(predicts(inputs))


@pytest.mark.parametrize("what", NAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_output_has_its_own_numbers(kind, what, tmp_path, job) -> None:
    model, expected = build(library(kind), what)
    path = save(model, tmp_path, kind)
    answer = keras_child.work({**job(path, kind), "export": str(tmp_path / "out")})
    assert sorted(answer["outputs"]) == sorted(expected)
    got = exported_outputs(tmp_path / "out", {"given": X})
    for outputs in (got, told(job(path, kind), {"given": X})):
        assert sorted(outputs) == sorted(expected)
        for name in expected:
            np.testing.assert_allclose(outputs[name], expected[name], rtol=1e-5, err_msg=name)


@pytest.mark.parametrize("kind", KINDS)
def test_every_input_goes_to_its_own_layer(kind, tmp_path, job) -> None:
    k = library(kind)
    names = ("zeta", "beta", "alpha")
    given = {name: k.Input([4], name=name) for name in names}
    parts = [given[name] if n == 0 else k.layers.Rescaling(10.0**n)(given[name])
             for n, name in enumerate(names)]  # fmt: skip
    structure = {"z": given["beta"], "a": [given["zeta"], given["alpha"]]}
    if kind == "keras2.h5":
        structure = {"z": given["beta"], "a": given["zeta"], "k": given["alpha"]}
    path = save(k.Model(structure, k.layers.Add()(parts)), tmp_path, kind)
    fed = {"zeta": X, "beta": X * 2, "alpha": X * 3}
    expected = X + 10 * X * 2 + 100 * X * 3
    keras_child.work({**job(path, kind), "export": str(tmp_path / "out")})
    (got,) = exported_outputs(tmp_path / "out", fed).values()
    np.testing.assert_allclose(got, expected, rtol=1e-5)
    (reference,) = told(job(path, kind), fed).values()
    np.testing.assert_allclose(reference, expected, rtol=1e-5)


@pytest.mark.parametrize("kind", [*KINDS, "keras3.h5"])
def test_a_sequential_model(kind, tmp_path, job) -> None:
    k = library(kind)
    model = k.Sequential([k.Input([4], name="given"), k.layers.Dense(2, name="scores")])
    path = save(model, tmp_path, kind)
    (spec,) = read_any(path).inputs
    expected = model.predict(X, verbose=0)
    answer = keras_child.work({**job(path, kind), "export": str(tmp_path / "out")})
    assert answer == {"inputs": [spec.name], "outputs": ["scores"]}
    got = exported_outputs(tmp_path / "out", {spec.name: X})
    for outputs in (got, told(job(path, kind), {spec.name: X})):
        np.testing.assert_allclose(outputs["scores"], expected, rtol=1e-5)


@pytest.mark.parametrize("kind", ["keras2.h5", "keras3.keras"])
def test_repair_of_a_dictionary_of_outputs(kind, tmp_path) -> None:
    model, expected = build(library(kind), "dict")
    path = save(model, tmp_path, kind)
    result = repair(path, tmp_path / "out")
    assert [item.verdict for item in result.parity] == ["same"]
    got = exported_outputs(tmp_path / "out", {"given": X})
    for name in expected:
        np.testing.assert_allclose(got[name], expected[name], rtol=1e-5)
