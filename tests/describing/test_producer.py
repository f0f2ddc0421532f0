"""Which program wrote a model, by the evidence that it leaves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sigfix.describing.producer import producers
from sigfix.reading import read
from tests.corpus import CORPUS, needs_corpus
from tests.models import Model, healthy


def root(identifier: str = "_generic_user_object", **children: int) -> Callable[[], Model]:
    def build() -> Model:
        model = healthy()
        node = model.object_node("user_object", **children)
        node.user_object.identifier = identifier
        for _ in children:
            model.object_node("user_object")
        return model

    return build


def operator(op: str) -> Callable[[], Model]:
    def build() -> Model:
        model = healthy()
        model.node("z", op)
        return model

    return build


def node(name: str) -> Callable[[], Model]:
    def build() -> Model:
        model = healthy()
        model.node(name, "Relu", ["x"])
        return model

    return build


def file(name: str) -> Callable[[], Model]:
    def build() -> Model:
        model = healthy()
        model.files[name] = b"{}"
        return model

    return build


CASES = [
    (healthy, "TF1 (SavedModelBuilder)"),
    (root(), "tf.Module (tf.saved_model.save)"),
    (root("_tf_keras_network"), "Keras 2 (model.save)"),
    (root("_tf_keras_layer"), "Keras 2 layer"),
    (root(_endpoint_names=1, _misc_assets=2), "Keras (model.export)"),
    (root(_misc_assets=1), "Keras 3 (model.export)"),
    (root(get_initial_state=1), "TF-Agents policy"),
    (root(gen_tensor_dict=1), "onnx-tf"),
    (operator("SimpleMLInferenceOpWithHandle"), "TensorFlow Decision Forests"),
    (operator("XlaCallModule"), "jax2tf or StableHLO export"),
    (node("jax2tf_f/mul"), "jax2tf"),
    (node("onnx_tf_prefix_Relu_0"), "onnx-tf"),
    (node("head/predictions/probabilities"), "TF1 Estimator"),
    (file("keras_metadata.pb"), "Keras 2 (model.save)"),
    (file("tfhub_module.pb"), "TF-Hub module (hub.Module)"),
    (file("policy_specs.pbtxt"), "TF-Agents policy"),
    (file("assets.extra/sigfix.json"), "sigfix"),
]


@pytest.mark.parametrize(("build", "name"), CASES)
def test_evidence(build: Callable[[], Model], name: str, tmp_path: Path) -> None:
    found = producers(read(build().write(tmp_path / "m")))
    assert found[0].name == name
    assert found[0].evidence


@needs_corpus
@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("basic_pitch", "Keras 2 (model.save)"),
        ("hub1_mini", "TF-Hub module (hub.Module)"),
        ("jax2tf_cubed", "jax2tf"),
        ("scio_iris_3sig", "TF1 Estimator"),
        ("estimator_alternative_none", "TF1 Estimator (contrib)"),
        ("ydf_adult_gbdt", "TensorFlow Decision Forests"),
        ("tft_v1_transform", "TensorFlow Transform"),
        ("half_plus_two_tf2", "tf.Module (tf.saved_model.save)"),
        ("mlnet_string", "TF1 (SavedModelBuilder)"),
    ],
)
def test_foreign_models(model: str, name: str) -> None:
    assert producers(read(CORPUS / model))[0].name == name
