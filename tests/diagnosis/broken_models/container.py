"""CON: directories with and without a fault in their files and tags."""

from __future__ import annotations

from collections.abc import Callable

from tests.diagnosis.broken_models.case import FLOAT, Pair
from tests.diagnosis.broken_models.signatures import no_signature
from tests.models import Call, Dtype, Model, add_node, healthy, variable_index, with_variable

SHARD = "variables/variables.data-00000-of-00001"


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


def variables(**contents: bytes | None) -> Callable[[], Model]:
    """A model with a variable of 12 bytes; `index`, `shard`, `other` replace or drop files."""
    names = {
        "index": "variables/variables.index",
        "shard": SHARD,
        "other": "variables/variables.data-00001-of-00002",
    }

    def build() -> Model:
        model = with_variable(healthy())
        for key, data in contents.items():
            model.files.pop(names[key], None)
            if data is not None:
                model.files[names[key]] = data
        return model

    return build


def partitioned(*offsets: int) -> bytes:
    """The index of a variable `w` whose parts, of four bytes each, begin here."""
    parts = {f"\0w\0\x01\x02{at}": (at, 4) for at in offsets}
    return variable_index({"w": (0, 0), **parts})


def restored_without_variables() -> Model:
    """What TensorFlow 2 saves of a model without variables, and its empty checkpoint lost."""
    model = no_signature()
    model.meta.saver_def.restore_op_name = "StatefulPartitionedCall_1"
    return model


complete_variables = variables()
missing_variables = variables(index=None, shard=None)


def variables_of_another(name: str) -> Callable[[], Model]:
    """The graph restores `w`, and the index has a tensor of this name."""

    def build() -> Model:
        model = variables(index=variable_index({name: (0, 12)}))()
        names = model.node("save/names", "Const", dtype=Dtype("string"))
        names.attr["value"].tensor.dtype = 7
        names.attr["value"].tensor.string_val.append(b"w")
        model.node("save/restore", "RestoreV2", ["x", "save/names", "save/names"])
        model.node("save/restore_all", "NoOp", ["^save/restore"])
        model.meta.saver_def.restore_op_name = "save/restore_all"
        return model

    return build


def incomplete(of_function: bool, called: str) -> Callable[[], Model]:
    """A call of `called`, in the graph itself or in a function of its library."""

    def build() -> Model:
        model = healthy()
        if not of_function:
            model.node("call", "PartitionedCall", ["x"], f=Call(called))
            model.function("there")
            return model
        function = model.function("there")
        function.signature.input_arg.add(name="argument")
        add_node(function.node_def, "relu", "Relu", ["argument"])
        add_node(function.node_def, "more", "Relu", [f"{called}:activations:0", "^relu"])
        return model

    return build


truncated_variables = variables(shard=bytes(5))


def asset(filename: str, **files: bytes) -> Callable[[], Model]:
    def build() -> Model:
        model = healthy()
        entry = model.meta.asset_file_def.add(filename=filename)
        entry.tensor_info.name = "x:0"
        model.files.update({f"assets/{name}.txt": data for name, data in files.items()})
        return model

    return build


def producer(version: str, min_consumer: int = 0) -> Callable[[], Model]:
    def build() -> Model:
        model = Model(version=version)
        model.meta.graph_def.versions.min_consumer = min_consumer
        model.signature()
        return model

    return build


CASES = {
    "CON201": Pair([several_meta_graphs], [tags("serve", "tpu")]),
    "CON202": Pair(
        [tags("train"), tags("serve", "tpu"), tags(*"serve")],
        [tags("serve"), several_meta_graphs, tags()],
    ),
    "CON203": Pair([tags()], [tags("train"), several_meta_graphs]),
    "CON204": Pair(
        [
            missing_variables,
            variables(shard=None),
            variables(index=None),
            restored_without_variables,
            variables_of_another("other"),
        ],
        [variables_of_another("w"), complete_variables, truncated_variables, healthy],
    ),
    "CON205": Pair(
        [truncated_variables, variables(index=partitioned(0, 8, 16))],
        [
            complete_variables,
            variables(index=partitioned(0, 8)),
            variables(shard=None),
            variables(shard=bytes(13)),
        ],
    ),
    "CON206": Pair(
        [variables(index=variable_index({"w": (0, 12)})[:-3])],
        [complete_variables, truncated_variables],
    ),
    "CON207": Pair([variables(other=b"")], [complete_variables, variables(shard=None)]),
    "CON208": Pair([asset("vocab.txt")], [asset("vocab.txt", vocab=b"a\n"), asset("../a.txt")]),
    "CON209": Pair(
        [asset("../../etc/passwd"), asset("/etc/passwd"), asset("..\\secret.txt")],
        [asset("vocab.txt"), asset("a..b.txt")],
    ),
    "CON213": Pair(
        [producer("3.1.0"), producer("2.19.0", min_consumer=9000)],
        [producer("2.19.0"), producer("1.15.5"), producer(""), producer("unknown")],
    ),
    "CON219": Pair(
        [incomplete(False, "gone"), incomplete(True, "gone")],
        [incomplete(False, "there"), incomplete(True, "relu"), healthy],
    ),
    "CON218": Pair(
        [producer("unknown"), producer("1.15-custom build"), producer("2.x")],
        [producer("2.19.0"), producer("1.12.0-rc2"), producer(""), producer("2.1.0+nv20.3")],
    ),
}
