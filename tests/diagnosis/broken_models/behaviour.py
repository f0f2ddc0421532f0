"""BEH: models that do more than compute, and models that only look like it."""

from __future__ import annotations

from collections.abc import Callable

from tests.diagnosis.broken_models.case import FLOAT, Pair, X, both_modes, operator, switched
from tests.models import Call, Dtype, Model, add_node, healthy, set_value, with_variable


def batch_norm(*, training: bool) -> Callable[[], Model]:
    return operator("FusedBatchNormV3", T=FLOAT, is_training=training)


def dropout_in_function() -> Model:
    """The random operator of a dropout is inside a library function that the signature calls."""
    model = Model(empty=True)
    model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
    body = model.function("body")
    body.signature.input_arg.add(name="x", type=1)
    body.signature.output_arg.add(name="out", type=1)
    add_node(body.node_def, "dropout/random_uniform", "RandomUniform", ["x"], dtype=FLOAT)
    body.ret["out"] = "dropout/random_uniform:output:0"
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


def collected_table() -> Model:
    """Only a collection names the initialiser, which the loader of servers does not run."""
    model = table_without_initialiser()
    model.node("words", "Const", dtype=Dtype("string"))
    model.node("fill", "InitializeTableV2", ["table", "words", "words"])
    model.meta.collection_def["table_initializer"].node_list.value.append("fill")
    return model


def filled_table(op: str) -> Callable[[], Model]:
    """The init op fills the table: by initialising it, importing into it, or inserting."""

    def build() -> Model:
        model = collected_table()
        model.meta.graph_def.node[-1].op = op
        model.node("init", "NoOp", ["^fill"])
        model.meta.collection_def["legacy_init_op"].node_list.value.append("init")
        return model

    return build


def filled_by_call() -> Model:
    """The signature itself fills the table before it looks something up."""
    model = collected_table()
    model.meta.graph_def.node[-1].op = "LookupTableInsertV2"
    model.node("z", "LookupTableFindV2", ["table", "x", "x", "^fill"], Tin=FLOAT, Tout=FLOAT)
    model.signature(outputs={"z": ("z:0", "float32", (None, 3))})
    return model


def other_table_filled() -> Model:
    """Two tables, of which the init op fills one."""
    model = filled_table("InitializeTableV2")()
    model.node("other", "MutableHashTableV2")
    return model


def switched_dropout(default: bool) -> Callable[[], Model]:
    """Dropout and batch statistics in the branch of a switch that nobody feeds."""

    def build() -> Model:
        model = switched(default)
        for node in model.meta.graph_def.node:
            if node.name == "on":
                node.op = "FusedBatchNormV3"
                node.attr["is_training"].b = True
        model.node("dropout/random_uniform", "RandomUniform", ["switch:1"], dtype=FLOAT)
        model.meta.graph_def.node[-2].input[:] = ["off", "dropout/mul"]
        model.node("dropout/mul", "Mul", ["on", "dropout/random_uniform"], T=FLOAT)
        return model

    return build


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


def distribution(name: str, registered: int = 12) -> Callable[[], Model]:
    """A function whose result is an object of a type that is looked up by its name when loaded."""

    def build() -> Model:
        model = Model()
        model.object_node("user_object", __call__=1)
        model.traced_function(["f_1"], [X])
        output = model.meta.object_graph_def.concrete_functions["f_1"].output_signature
        output.type_spec_value.type_spec_class = registered
        output.type_spec_value.type_spec_class_name = name
        set_value(output.type_spec_value.type_state, {"loc": X, "scale": X})
        model.signature()
        return model

    return build


CASES = {
    "BEH301": Pair(
        [
            batch_norm(training=True),
            dropout_in_function,
            dropout_in_one_trace,
            switched_dropout(True),
        ],
        [
            batch_norm(training=False),
            operator("RandomUniform", dtype=FLOAT),
            switched_dropout(False),
        ],
    ),
    "BEH302": Pair(
        [table_without_initialiser, collected_table, other_table_filled],
        [
            filled_table("InitializeTableV2"),
            filled_table("LookupTableImportV2"),
            filled_table("LookupTableInsertV2"),
            filled_by_call,
            complete,
        ],
    ),
    "BEH303": Pair(
        [operator("AssignAdd", T=FLOAT), operator("LookupTableInsertV2")],
        [complete, beside("init", "AssignVariableOp")],
    ),
    "BEH304": Pair(
        [operator("ZeroOut"), distribution("tfp.distributions.Normal_ACTTypeSpec")],
        [
            operator("ReadFile"),
            dropout_in_function,
            distribution("tf.linalg.LinearOperatorDiagSpec"),
            distribution("mine.Pair.Spec", 13),
        ],
    ),
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
