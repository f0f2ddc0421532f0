"""For every code a model that has the finding; `broken(code)` writes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.models import (
    Call,
    Dtype,
    Model,
    add_node,
    healthy,
    variable_index,
    with_variable,
)

FLOAT = Dtype("float32")
X = ("x", "float32", (None, 3))
Y = {"y": ("y:0", "float32", (None, 3))}


def _objects(*functions: tuple[str, list[str], list[Any]]) -> Model:
    """A TF2 model whose root has these functions: path, concrete functions, arguments."""
    model = Model()
    children = {name: index + 1 for index, (name, _, _) in enumerate(functions)}
    model.object_node("user_object", **children)
    for _, concrete, args in functions:
        model.traced_function(concrete, args, ["x", "training"])
    return model


def no_signature() -> Model:
    return _objects(("__call__", ["f_1"], [X]))


def no_signature_tf1() -> Model:
    return Model()


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
    return _objects(("__call__", [], []))


def several_traces() -> Model:
    return _objects(("__call__", ["f_1", "f_2"], [X]))


def no_inputs() -> Model:
    model = Model(empty=True)
    model.node("y", "Const", dtype=FLOAT)
    model.signature(inputs={}, outputs=Y)
    return model


def no_outputs() -> Model:
    model = Model()
    model.signature(outputs={})
    return model


def training_signature() -> Model:
    model = Model()
    model.signature(outputs={"loss": ("y:0", "float32", ())})
    return model


def method(name: str) -> Callable[[], Model]:
    def build() -> Model:
        model = Model()
        model.signature(method=name)
        return model

    return build


def not_in_object_graph() -> Model:
    model = _objects(("__call__", ["f_1"], [X]))
    model.signature()
    return model


def unknown_rank() -> Model:
    model = Model(empty=True)
    model.node("x", "Placeholder", dtype=FLOAT)
    model.node("y", "Relu", ["x"], T=FLOAT)
    model.signature(inputs={"x": ("x:0", "float32", None)})
    return model


def python_argument() -> Model:
    return _objects(("__call__", ["f_1"], [X, False]))


def generic_names() -> Model:
    model = Model()
    model.signature(inputs={"keras_tensor_3": ("x:0", "float32", (None, 3))})
    return model


def dtype_clash() -> Model:
    model = Model()
    model.signature(inputs={"x": ("x:0", "int32", (None, 3))})
    return model


def shared_tensor() -> Model:
    model = Model()
    model.signature(outputs={**Y, "z": ("y:0", "float32", (None, 3))})
    return model


def absent_tensor() -> Model:
    model = Model()
    model.signature(outputs={"y": ("softmax:0", "float32", (None, 3))})
    return model


def unused_input() -> Model:
    model = Model()
    model.node("flag", "Placeholder", dtype=Dtype("bool"), shape=())
    model.signature(inputs={"x": ("x:0", "float32", (None, 3)), "flag": ("flag:0", "bool", ())})
    return model


def sparse_input() -> Model:
    model = healthy()
    for name in ("values", "indices", "dense_shape"):
        dtype = "float32" if name == "values" else "int64"
        model.node(name, "Placeholder", dtype=Dtype(dtype), shape=(None,))
    model.node("dense", "SparseToDense", ["indices", "dense_shape", "values", "x"], T=FLOAT)
    model.node("sum", "AddV2", ["y", "dense"], T=FLOAT)
    signature = model.signature(outputs={"y": ("sum:0", "float32", (None, 3))})
    info = signature.inputs["s"]
    info.dtype = 1
    info.coo_sparse.values_tensor_name = "values:0"
    info.coo_sparse.indices_tensor_name = "indices:0"
    info.coo_sparse.dense_shape_tensor_name = "dense_shape:0"
    return model


def nested_argument() -> Model:
    return _objects(("__call__", ["f_1"], [{"a": X, "b": X}]))


def several_meta_graphs() -> Model:
    model = healthy()
    model.add_meta_graph(["serve", "tpu"])
    model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
    model.node("y", "Relu", ["x"], T=FLOAT)
    model.signature()
    return model


def tags(*names: str) -> Callable[[], Model]:
    def build() -> Model:
        model = Model(names)
        model.signature()
        return model

    return build


def missing_variables() -> Model:
    model = with_variable(healthy())
    model.files.clear()
    return model


def missing_shard() -> Model:
    model = with_variable(healthy())
    del model.files["variables/variables.data-00000-of-00001"]
    return model


def truncated_variables() -> Model:
    model = with_variable(healthy())
    model.files["variables/variables.data-00000-of-00001"] = bytes(5)
    return model


def corrupt_index() -> Model:
    model = with_variable(healthy())
    model.files["variables/variables.index"] = variable_index({"w": (0, 12)})[:-3]
    return model


def stray_variables() -> Model:
    model = with_variable(healthy())
    model.files["variables/variables.data-00001-of-00002"] = b""
    return model


def asset(filename: str) -> Callable[[], Model]:
    def build() -> Model:
        model = healthy()
        entry = model.meta.asset_file_def.add(filename=filename)
        entry.tensor_info.name = "x:0"
        return model

    return build


def newer_producer() -> Model:
    model = Model(version="3.1.0")
    model.signature()
    return model


def training_mode() -> Model:
    model = Model(empty=True)
    model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 4, 4, 3))
    model.node("y", "FusedBatchNormV3", ["x"], T=FLOAT, is_training=True)
    model.signature()
    return model


def dropout_in_function() -> Model:
    """The random operator of a dropout is inside a library function that the signature calls."""
    model = Model(empty=True)
    model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
    body = model.function("body")
    add_node(body.node_def, "dropout/random_uniform", "RandomUniform", dtype=FLOAT)
    model.node("y", "StatefulPartitionedCall", ["x"], f=Call("body"), Tout=[FLOAT])
    model.signature()
    return model


def table_without_initialiser() -> Model:
    model = healthy()
    model.node("table", "HashTableV2")
    return model


def operator(op: str, **attributes: Any) -> Callable[[], Model]:
    def build() -> Model:
        model = Model(empty=True)
        model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
        model.node("y", op, ["x"], **attributes)
        model.signature()
        return model

    return build


POSITIVE: dict[str, list[Callable[[], Model]]] = {
    "SIG001": [no_signature, no_signature_tf1],
    "SIG002": [no_serving_default],
    "SIG003": [several_none_default],
    "SIG004": [several_signatures],
    "SIG005": [nothing_callable],
    "SIG006": [several_traces],
    "SIG007": [no_inputs],
    "SIG008": [no_outputs],
    "SIG009": [training_signature],
    "SIG010": [method("")],
    "SIG011": [method("tensorflow/serving/classify"), method("tensorflow/serving/regress")],
    "SIG012": [not_in_object_graph],
    "SPC101": [unknown_rank],
    "SPC103": [python_argument],
    "SPC104": [generic_names],
    "SPC105": [dtype_clash],
    "SPC106": [shared_tensor],
    "SPC107": [absent_tensor],
    "SPC108": [unused_input],
    "SPC109": [sparse_input, nested_argument],
    "CON201": [several_meta_graphs],
    "CON202": [tags("train")],
    "CON203": [tags()],
    "CON204": [missing_variables, missing_shard],
    "CON205": [truncated_variables],
    "CON206": [corrupt_index],
    "CON207": [stray_variables],
    "CON208": [asset("vocab.txt")],
    "CON209": [asset("../../etc/passwd"), asset("/etc/passwd")],
    "CON213": [newer_producer],
    "BEH301": [training_mode, dropout_in_function],
    "BEH302": [table_without_initialiser],
    "BEH303": [operator("AssignAdd", T=FLOAT)],
    "BEH304": [operator("ZeroOut")],
    "BEH305": [operator("EagerPyFunc", Tout=[FLOAT])],
    "BEH306": [operator("ReadFile")],
    "BEH307": [operator("XlaCallModule", Tout=[FLOAT])],
    "BEH308": [operator("RandomUniform", dtype=FLOAT)],
}


def complete() -> Model:
    """A TF2 model with everything in order: objects, signature, variable, table, asset."""
    model = with_variable(Model())
    model.object_node("user_object", __call__=1, signatures=2)
    model.traced_function(["f_1"], [X])
    model.object_node("user_object", serving_default=1)
    model.signature()
    model.node("table", "HashTableV2")
    model.signature(
        "__saved_model_init_op",
        inputs={},
        outputs={"__saved_model_init_op": ("NoOp", "invalid", None)},
    )
    entry = model.meta.asset_file_def.add(filename="vocab.txt")
    entry.tensor_info.name = "x:0"
    model.files["assets/vocab.txt"] = b"a\n"
    return model
