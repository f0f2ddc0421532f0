"""Valid models of every format, as files by name: what the fuzzer starts from.

Built field by field and without TensorFlow; small models of other people are added where they
are present.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import text_format

from sigfix.reading.protos import message_class
from sigfix.reading.sniffing import sniff_protobuf
from tests.corpus import CORPUS
from tests.diagnosis.broken_models import broken_saved_models, complete
from tests.fuzzing.onnx_seeds import onnx_models
from tests.models import Call, Dtype, Model, add_node, healthy, variable_index, with_variable
from tests.reading.test_other_formats import IMAGE, functional, onnx_model, tfjs_model

LARGEST = 60_000
"""Bytes; larger files cost time and add nothing that smaller ones do not have."""
FLOAT = Dtype("float32")
SHARD = "variables/variables.data-00000-of-00001"


@dataclass(frozen=True)
class Seed:
    """Files by relative name, and which of them (or '' for their folder) is inspected.

    A `rich` one has functions, captures and references, and is taken more often. `special` are
    names that are no plain file in the folder: name -> `link TARGET`, `pipe`,
    `folder`.
    """

    kind: str
    files: Mapping[str, bytes]
    inspected: str = ""
    special: Mapping[str, str] = field(default_factory=dict)
    rich: bool = False

    def with_file(self, name: str, data: bytes) -> Seed:
        """The seed with other contents of one file."""
        return replace(self, files={**self.files, name: data})


def captured() -> Model:
    """A TF2 model as `tf.saved_model.save` writes it, without a signature.

    A function captures a variable and a constant, the restore function assigns the variable, and a
    call of the function is in the graph.
    """
    model = Model(empty=True)
    model.node("w", "VarHandleOp", dtype=FLOAT, shape=(3,), shared_name="w")
    model.node("c", "Const", dtype=FLOAT).attr["value"].tensor.dtype = 1
    model.node("saver", "Placeholder", dtype=Dtype("string"), shape=())
    root = model.object_node("user_object", w=1, c=2, __call__=3, serve=3)
    root.user_object.identifier = "_generic_user_object"
    variable = model.object_node("variable").variable
    variable.name, variable.dtype = "w", 1
    variable.shape.dim.add(size=3)
    model.object_node("constant").constant.operation = "c"
    model.traced_function(["f_1", "f_2"], [("x", "float32", (None, 3)), False], ["x", "training"])
    library = {item.signature.name: item for item in model.meta.graph_def.library.function}
    for name in ("f_1", "f_2"):
        library[name].signature.input_arg.add(name="unknown", type=20)
        library[name].signature.input_arg.add(name="unknown_0", type=1)
        model.meta.object_graph_def.concrete_functions[name].bound_inputs.extend([1, 2])
    model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
    call = model.node("call", "StatefulPartitionedCall", ["x", "w", "c"], f=Call("f_1"))
    call.attr["Tout"].list.type.append(1)
    restore = model.function("restore")
    restore.signature.input_arg.add(name="file", type=7)
    restore.signature.input_arg.add(name="handle", type=20)
    names = add_node(restore.node_def, "names", "Const", dtype=Dtype("string"))
    names.attr["value"].tensor.dtype = 7
    names.attr["value"].tensor.string_val.append(b"w/.ATTRIBUTES/VARIABLE_VALUE")
    add_node(restore.node_def, "restored", "RestoreV2", ["file", "names:output:0"])
    add_node(restore.node_def, "id", "Identity", ["restored:tensors:0"])
    add_node(restore.node_def, "assign", "AssignVariableOp", ["handle", "id:output:0"])
    model.node("restore_call", "StatefulPartitionedCall", ["saver", "w"], f=Call("restore"))
    model.meta.saver_def.restore_op_name = "restore_call"
    model.meta.saver_def.filename_tensor_name = "saver:0"
    model.files["variables/variables.index"] = variable_index(
        {"w/.ATTRIBUTES/VARIABLE_VALUE": (0, 12), "_CHECKPOINTABLE_OBJECT_GRAPH": (12, 4)}
    )
    model.files[SHARD] = bytes(16)
    return model


def served() -> Model:
    """The same with two signatures in the object graph and the map, and an asset."""
    model = captured()
    for key in ("predict", "serving_other"):
        model.signature(
            key, {"x": ("x:0", "float32", (None, 3))}, {"y": ("call:0", "float32", None)}
        )
    nodes = model.meta.object_graph_def.nodes
    nodes[0].children.add(local_name="signatures", node_id=len(nodes))
    model.object_node("user_object", predict=len(nodes) + 1, serving_other=len(nodes) + 1)
    bare = model.object_node("bare_concrete_function").bare_concrete_function
    bare.concrete_function_name = "f_1"
    bare.argument_keywords.append("x")
    asset = model.meta.asset_file_def.add(filename="vocab.txt")
    asset.tensor_info.name = "c:0"
    model.files["assets/vocab.txt"] = b"a\nb\n"
    model.files["assets.extra/sigfix.json"] = json.dumps(
        {"preset": "crnn_vgg16_bn", "mean": [0.1, 0.2, 0.3], "boxes": {"unclip": 1.5}}
    ).encode()
    return model


def first_generation() -> Model:
    """A TF1 graph: placeholders, variables, collections, a training switch, no signature."""
    model = Model(empty=True, version="1.15.0")
    model.node("image", "Placeholder", dtype=FLOAT, shape=(None, 28, 28, 1))
    model.node("keep_prob", "PlaceholderWithDefault", ["one"], dtype=FLOAT, shape=())
    model.node("one", "Const", dtype=FLOAT).attr["value"].tensor.float_val.append(1.0)
    weight = model.node("w", "VariableV2", dtype=FLOAT, shape=(3, 3, 1, 8))
    weight.attr["_output_shapes"].list.shape.add().dim.add(size=3)
    model.node("conv", "Conv2D", ["image", "w"], T=FLOAT, strides=[1, 2, 1, 1], padding="SAME")
    model.node("softmax", "Softmax", ["conv"], T=FLOAT)
    model.node("classes", "ArgMax", ["softmax", "one"], output_type=Dtype("int64"))
    definition: Any = message_class("VariableDef")(variable_name="w:0")
    collection = model.meta.collection_def["trainable_variables"].bytes_list
    collection.value.append(definition.SerializeToString())
    model.meta.collection_def["outputs"].node_list.value.append("softmax:0")
    model.files["variables/variables.index"] = variable_index({"w": (0, 288)})
    model.files[SHARD] = bytes(288)
    return model


def _tree(kind: str, model: Model, rich: bool = False) -> Seed:
    return Seed(kind, {"saved_model.pb": model.data(), **model.files}, rich=rich)


def _saved_models() -> Iterator[Seed]:
    models = [captured(), served(), first_generation(), complete(), with_variable(healthy())]
    for model in models:
        yield _tree("pb", model, rich=True)
        yield _tree("grown", model)
        text = text_format.MessageToString(model.message).encode()
        yield Seed("pbtxt", {"saved_model.pbtxt": text, **model.files})
        yield Seed("frozen", {"frozen.pb": model.meta.graph_def.SerializeToString()}, "frozen.pb")
    for _, _, model in broken_saved_models():
        yield _tree("pb", model)
    text = text_format.MessageToString(first_generation().meta.graph_def).encode()
    yield Seed("pbtxt", {"graph.pbtxt": text}, "graph.pbtxt")
    for model in (captured(), served(), first_generation()):
        yield _tree("index", model)


def _zip(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def tar(files: Mapping[str, bytes], folder: str = "") -> bytes:
    """A tar archive of these files, below `folder`."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"{folder}{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return data.getvalue()


def _archives() -> Iterator[Seed]:
    for model, folder in ((served(), ""), (first_generation(), "model/")):
        files = {"saved_model.pb": model.data(), **model.files}
        packed = tar(files, folder)
        yield Seed("tar", {"model.tar": packed}, "model.tar")
        yield Seed("gz", {"model.tar.gz": gzip.compress(packed)}, "model.tar.gz")
        yield Seed("xz", {"model.tar.xz": lzma.compress(packed, preset=0)}, "model.tar.xz")
        yield Seed("xz", {"model.tar.bz2": bz2.compress(packed)}, "model.tar.bz2")
        yield Seed("zip", {"model.zip": _zip(files)}, "model.zip")


def keras_parts() -> dict[str, bytes]:
    """The members of a `.keras` file."""
    layers = [
        IMAGE,
        {"class_name": "Dense", "name": "d", "config": {"name": "d", "units": 3}},
        {"class_name": "Lambda", "registered_name": "x", "config": {"name": "probs"}},
    ]
    return {
        "metadata.json": json.dumps({"keras_version": "3.5.0"}).encode(),
        "config.json": json.dumps(functional(*layers)).encode(),
        "model.weights.h5": b"\x89HDF\r\n\x1a\n" + bytes(40),
    }


def _keras() -> Iterator[Seed]:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2):
        yield Seed("keras", {"m.keras": _zip(keras_parts(), method)}, "m.keras")


def _hdf5() -> Iterator[Seed]:
    try:
        import h5py
    except ImportError:
        return
    config = keras_parts()["config.json"].decode()
    for version in ("earliest", "latest"):
        data = io.BytesIO()
        with h5py.File(data, "w", libver=version) as file:
            file.attrs["model_config"] = config
            file.attrs["keras_version"] = "2.15.0"
            for number in range(12):
                file.attrs[f"attribute {number}"] = "x" * number
            file.create_dataset("model_weights/d/kernel", data=[[1.0, 2.0], [3.0, 4.0]])
        yield Seed("h5", {"m.h5": data.getvalue()}, "m.h5")


def _tfjs() -> Iterator[Seed]:
    with tempfile.TemporaryDirectory() as folder:
        for number, operator in enumerate(("Relu", "_FusedMatMul")):
            path = tfjs_model(Path(folder) / str(number), op=operator, transpose_b={"b": True})
            files = {item.name: item.read_bytes() for item in path.iterdir()}
            yield Seed("tfjs", files)
            document = json.loads(files["model.json"])
            document["userDefinedMetadata"] = {"sigfix": {"preset": "x", "mean": [1.5]}, "more": 1}
            yield Seed("tfjs", {**files, "model.json": json.dumps(document).encode()})


def _corpus() -> Iterator[Seed]:
    folders = sorted(CORPUS.iterdir()) if CORPUS.is_dir() else []
    for folder in folders:
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.stat().st_size <= LARGEST
        }
        for name in ("saved_model.pb", "saved_model.pbtxt"):
            if name in files:
                yield Seed(name.rpartition(".")[2], files, rich=True)
        for name in files:
            if name.endswith(".pb") and sniff_protobuf(files[name]) == "graph":
                yield Seed("frozen", {"frozen.pb": files[name]}, "frozen.pb")


@cache
def seeds() -> dict[str, list[Seed]]:
    """The seeds by kind of file."""
    found: dict[str, list[Seed]] = {}
    every = [_saved_models(), _archives(), _keras(), _hdf5(), _tfjs(), _corpus()]
    for group in every:
        for seed in group:
            found.setdefault(seed.kind, []).append(seed)
    outside = {"model.onnx": onnx_model("weights.bin"), "weights.bin": bytes(40)}
    found["onnx"] = [
        Seed("onnx", {"model.onnx": onnx_model()}, "model.onnx"),
        Seed("onnx", outside, "model.onnx"),
        *(Seed("onnx", files, "model.onnx", rich=True) for files in onnx_models()),
    ]
    return found
