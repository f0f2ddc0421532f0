"""SIG: models with and without a signature fault."""

from __future__ import annotations

from collections.abc import Callable

from tests.diagnosis.broken_models.case import FLOAT, Pair, X, Y, objects, operator
from tests.models import Dtype, Model, healthy


def no_signature() -> Model:
    return objects(("__call__", ["f_1"], [X]))


def no_signature_tf1() -> Model:
    return Model()


def only_the_initialiser() -> Model:
    model = Model()
    model.node("init", "NoOp")
    output = {"__saved_model_init_op": ("init", "invalid", None)}
    model.signature("__saved_model_init_op", inputs={}, outputs=output)
    return model


def no_serving_default() -> Model:
    model = Model()
    model.signature("predict")
    return model


def several_none_default() -> Model:
    model = no_serving_default()
    model.signature("encode")
    return model


def several_signatures() -> Model:
    model = healthy()
    model.signature("encode")
    return model


def nothing_callable() -> Model:
    return objects(("__call__", [], []))


def several_traces() -> Model:
    return objects(("__call__", ["f_1", "f_2"], [X]))


def several_traces_behind_a_signature() -> Model:
    model = objects(("__call__", ["f_1", "f_2"], [X]), ("signatures", [], []))
    model.meta.object_graph_def.nodes[2].user_object.SetInParent()
    model.meta.object_graph_def.nodes[2].children.add(local_name="serving_default", node_id=1)
    model.signature()
    return model


def getters_and_a_function() -> Model:
    """Two signatures without inputs, and a function that is better than either."""
    model = no_signature()
    model.node("w", "Const", dtype=FLOAT)
    for key in ("get_w", "get_b"):
        model.signature(key, inputs={}, outputs={"w": ("w:0", "float32", ())})
    return model


def beside(build: Callable[[], Model], key: str) -> Callable[[], Model]:
    """The same model with a serving_default under another key, and one more that is in order."""

    def built() -> Model:
        model = build()
        model.meta.signature_def[key].CopyFrom(model.meta.signature_def["serving_default"])
        shape = (None, 3)
        model.signature(
            outputs={"y": ("y:0", "float32", shape)}, inputs={"x": ("x:0", "float32", shape)}
        )
        return model

    return built


def classify_beside_predict() -> Model:
    model = method("tensorflow/serving/classify")()
    model.signature("predict")
    return model


def no_inputs() -> Model:
    model = Model(empty=True)
    model.node("y", "Const", dtype=FLOAT)
    model.signature(inputs={}, outputs=Y)
    return model


def no_outputs() -> Model:
    model = Model()
    model.signature(outputs={})
    return model


def labels_go_in() -> Model:
    model = Model()
    model.node("t", "Placeholder", dtype=FLOAT, shape=(None, 3))
    model.node("sum", "AddV2", ["y", "t"], T=FLOAT)
    shape = (None, 3)
    inputs = {"x": ("x:0", "float32", shape), "labels": ("t:0", "float32", shape)}
    model.signature(inputs=inputs, outputs={"y": ("sum:0", "float32", shape)})
    return model


def output_called(name: str) -> Callable[[], Model]:
    def build() -> Model:
        model = Model()
        model.signature(outputs={name: ("y:0", "float32", (None, 3))})
        return model

    return build


def method(name: str) -> Callable[[], Model]:
    def build() -> Model:
        model = Model()
        model.signature(method=name)
        return model

    return build


def not_in_object_graph() -> Model:
    model = objects(("__call__", ["f_1"], [X]))
    model.signature()
    return model


def forgot(name: str, dtype: str = "bool") -> Callable[[], Model]:
    """A signature whose output needs a placeholder that it does not feed."""

    def build() -> Model:
        model = Model()
        model.node(name, "Placeholder", dtype=Dtype(dtype), shape=())
        model.node("z", "Switch", ["y", name], T=FLOAT)
        model.signature(outputs={"z": ("z:0", "float32", (None, 3))})
        return model

    return build


def has_a_default() -> Model:
    model = Model()
    model.node("one", "Const", dtype=FLOAT)
    model.node("keep_prob", "PlaceholderWithDefault", ["one"], dtype=FLOAT, shape=())
    model.node("z", "Mul", ["y", "keep_prob"], T=FLOAT)
    model.signature(outputs={"z": ("z:0", "float32", (None, 3))})
    return model


def fed_behind_the_placeholder() -> Model:
    """A tensor that is computed from a placeholder is fed itself."""
    model = forgot("is_training")()
    model.signature(
        inputs={"z": ("z:0", "float32", (None, 3))}, outputs={"z": ("z:0", "float32", (None, 3))}
    )
    return model


CASES = {
    "SIG001": Pair(
        [no_signature, no_signature_tf1, only_the_initialiser],
        [no_serving_default, nothing_callable],
    ),
    "SIG002": Pair([no_serving_default], [several_none_default, no_signature]),
    "SIG003": Pair(
        [several_none_default, getters_and_a_function], [several_signatures, no_serving_default]
    ),
    "SIG004": Pair([several_signatures], [healthy, several_none_default]),
    "SIG005": Pair([nothing_callable], [no_signature, no_signature_tf1]),
    "SIG006": Pair([several_traces], [no_signature, several_traces_behind_a_signature]),
    "SIG007": Pair([no_inputs], [no_outputs]),
    "SIG008": Pair([no_outputs, beside(no_outputs, "reset")], [no_inputs]),
    "SIG009": Pair(
        [output_called("loss"), labels_go_in, beside(output_called("loss"), "train")],
        [output_called("glossary")],
    ),
    "SIG010": Pair([method("")], [method("tensorflow/serving/classify")]),
    "SIG011": Pair(
        [
            method("tensorflow/serving/classify"),
            method("tensorflow/serving/regress"),
            classify_beside_predict,
        ],
        [method("tensorflow/serving/predict"), method("")],
    ),
    "SIG013": Pair(
        [forgot("phase_train"), forgot("keep_prob", "float32"), forgot("flag")],
        [has_a_default, fed_behind_the_placeholder],
    ),
    "SIG012": Pair([not_in_object_graph], [several_traces_behind_a_signature, operator("Neg")]),
}
