"""BEH: models that do more than compute, and models that only look like it."""

from __future__ import annotations

from collections.abc import Callable

from tests.diagnosis.broken_models.case import FLOAT, Pair, X, both_modes, operator
from tests.models import Call, Model, add_node, healthy, with_variable


def batch_norm(*, training: bool) -> Callable[[], Model]:
    return operator("FusedBatchNormV3", T=FLOAT, is_training=training)


def dropout_in_function() -> Model:
    """The random operator of a dropout is inside a library function that the signature calls."""
    model = Model(empty=True)
    model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
    body = model.function("body")
    add_node(body.node_def, "dropout/random_uniform", "RandomUniform", dtype=FLOAT)
    model.node("y", "StatefulPartitionedCall", ["x"], f=Call("body"), Tout=[FLOAT])
    model.signature()
    return model


def dropout_in_one_trace() -> Model:
    """The signature is the training trace of a function that has one for inference too."""
    model = both_modes()
    model.node("dropout/random_uniform", "RandomUniform", dtype=FLOAT)
    model.node("noisy", "Mul", ["x", "dropout/random_uniform"], T=FLOAT)
    model.signature(outputs={"y": ("noisy:0", "float32", (None, 3))})
    return model


def beside(name: str, op: str) -> Callable[[], Model]:
    """A healthy model with an operator that its signature does not reach."""

    def build() -> Model:
        model = healthy()
        model.node(name, op)
        return model

    return build


table_without_initialiser = beside("table", "HashTableV2")


def filled_table() -> Model:
    model = table_without_initialiser()
    values = model.meta.collection_def["table_initializer"].node_list.value
    values.append("init_all_tables")
    return model


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


CASES = {
    "BEH301": Pair(
        [batch_norm(training=True), dropout_in_function, dropout_in_one_trace],
        [batch_norm(training=False), operator("RandomUniform", dtype=FLOAT)],
    ),
    "BEH302": Pair([table_without_initialiser], [filled_table, complete]),
    "BEH303": Pair(
        [operator("AssignAdd", T=FLOAT), operator("LookupTableInsertV2")],
        [complete, beside("init", "AssignVariableOp")],
    ),
    "BEH304": Pair([operator("ZeroOut")], [operator("ReadFile"), dropout_in_function]),
    "BEH305": Pair(
        [operator("EagerPyFunc", Tout=[FLOAT]), operator("PyFunc", Tout=[FLOAT])],
        [operator("PartitionedCall", Tout=[FLOAT])],
    ),
    "BEH306": Pair(
        [operator("ReadFile"), operator("SaveV2"), beside("w", "WriteFile")],
        [operator("EagerPyFunc", Tout=[FLOAT]), beside("save", "SaveV2")],
    ),
    "BEH307": Pair([operator("XlaCallModule", Tout=[FLOAT])], [operator("XlaEinsum")]),
    "BEH308": Pair(
        [operator("RandomUniform", dtype=FLOAT)],
        [dropout_in_function, operator("StatelessRandomUniform", dtype=FLOAT)],
    ),
}
