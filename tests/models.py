"""Small SavedModels written field by field, so that tests of reading need no TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sigfix.reading.protos import dtype_number, message_class

PREDICT = "tensorflow/serving/predict"


class Dtype(str):
    """An attribute value that is a dtype, not bytes."""


class Call(str):
    """An attribute value that names a library function."""


def set_shape(message: Any, shape: Sequence[int | None] | None) -> None:
    """Fill a TensorShapeProto: None is an unknown rank, a None inside a dynamic dimension."""
    if shape is None:
        message.unknown_rank = True
        return
    for size in shape:
        message.dim.add(size=-1 if size is None else size)
    message.SetInParent()


def set_attribute(message: Any, value: Any) -> None:
    """Fill an AttrValue from a Python value; a tuple is a shape, a list a list."""
    if isinstance(value, Dtype):
        message.type = dtype_number(value)
    elif isinstance(value, Call):
        message.func.name = value
    elif isinstance(value, bool):
        message.b = value
    elif isinstance(value, int):
        message.i = value
    elif isinstance(value, float):
        message.f = value
    elif isinstance(value, (str, bytes)):
        message.s = value.encode() if isinstance(value, str) else value
    elif isinstance(value, tuple) or value is None:
        set_shape(message.shape, value)
    elif isinstance(value, list):
        message.list.SetInParent()
        for item in value:
            if isinstance(item, Dtype):
                message.list.type.append(dtype_number(item))
            elif isinstance(item, (tuple, type(None))):
                set_shape(message.list.shape.add(), item)
            elif isinstance(item, str):
                message.list.s.append(item.encode())
            elif isinstance(item, float):
                message.list.f.append(item)
            else:
                message.list.i.append(item)
    else:
        raise TypeError(value)


def add_node(nodes: Any, name: str, op: str, inputs: Sequence[str] = (), **attributes: Any) -> Any:
    """Append a NodeDef to a repeated field."""
    node = nodes.add(name=name, op=op, input=list(inputs))
    for key, value in attributes.items():
        set_attribute(node.attr[key], value)
    return node


Tensor = tuple[str, str, Any]
"""Tensor name, dtype, shape."""


class Model:
    """A SavedModel with one MetaGraph to be filled in: `x` -> Relu -> `y`, unless `empty`."""

    def __init__(
        self, tags: Sequence[str] = ("serve",), *, empty: bool = False, version: str = "2.19.0"
    ) -> None:
        self.message: Any = message_class("SavedModel")(saved_model_schema_version=1)
        self.meta: Any = None
        self.files: dict[str, bytes] = {}
        self.add_meta_graph(tags, version)
        if not empty:
            self.node("x", "Placeholder", dtype=Dtype("float32"), shape=(None, 3))
            self.node("y", "Relu", ["x"], T=Dtype("float32"))

    def add_meta_graph(self, tags: Sequence[str], version: str = "2.19.0") -> None:
        """Start another MetaGraph; what follows goes into it."""
        self.meta = self.message.meta_graphs.add()
        self.meta.meta_info_def.tags.extend(tags)
        self.meta.meta_info_def.tensorflow_version = version
        self.meta.graph_def.versions.producer = 1882

    def node(self, name: str, op: str, inputs: Sequence[str] = (), **attributes: Any) -> Any:
        """Add a node to the graph."""
        return add_node(self.meta.graph_def.node, name, op, inputs, **attributes)

    def function(self, name: str) -> Any:
        """Add a library function without arguments; fill `node_def` with `add_node`."""
        function = self.meta.graph_def.library.function.add()
        function.signature.name = name
        return function

    def signature(
        self,
        key: str = "serving_default",
        inputs: Mapping[str, Tensor] | None = None,
        outputs: Mapping[str, Tensor] | None = None,
        method: str = PREDICT,
    ) -> Any:
        """Add a SignatureDef; x and y of the default graph unless told otherwise."""
        signature = self.meta.signature_def[key]
        signature.method_name = method
        given = {"x": ("x:0", "float32", (None, 3))} if inputs is None else inputs
        found = {"y": ("y:0", "float32", (None, 3))} if outputs is None else outputs
        for target, tensors in ((signature.inputs, given), (signature.outputs, found)):
            for name, (tensor, dtype, shape) in tensors.items():
                target[name].name = tensor
                target[name].dtype = dtype_number(dtype)
                set_shape(target[name].tensor_shape, shape)
        return signature

    def object_node(self, kind: str = "user_object", **children: int) -> Any:
        """Add a node to the object graph, with children by id; the first is the root."""
        node = self.meta.object_graph_def.nodes.add()
        getattr(node, kind).SetInParent()
        for name, child in children.items():
            node.children.add(local_name=name, node_id=child)
        return node

    def traced_function(
        self, names: Sequence[str], args: Sequence[Any], argument_names: Sequence[str] = ("x",)
    ) -> Any:
        """Add a function to the object graph, and a concrete function of each name."""
        node = self.function_object(argument_names)
        for name in names:
            node.function.concrete_functions.append(name)
            self.trace(name, args)
        return node

    def function_object(
        self, argument_names: Sequence[str] = ("x",), defaults: Sequence[Any] = ()
    ) -> Any:
        """Add a function without traces to the object graph; `defaults` are of its last arguments.

        For a trace, add its name to `function.concrete_functions`, and see `trace`.
        """
        node = self.object_node("function")
        spec = node.function.function_spec.fullargspec.named_tuple_value
        spec.name = "FullArgSpec"
        names_value = spec.values.add(key="args").value.list_value
        for name in argument_names:
            names_value.values.add().string_value = name
        if defaults:
            recorded = spec.values.add(key="defaults").value.tuple_value
            for value in defaults:
                set_value(recorded.values.add(), value)
        return node

    def trace(
        self,
        name: str,
        args: Sequence[Any] = (),
        keywords: Mapping[str, Any] | None = None,
        output: Any = ("y", "float32", (None, 3)),
    ) -> Any:
        """Add a concrete function, and the library function that it is: a Relu for each result."""
        body = self.function(name)
        given = [*args, dict(keywords or {})]
        tensors = [tensor for value in given for tensor in flat_tensors(value)]
        for index, (_, dtype, _) in enumerate(tensors):
            body.signature.input_arg.add(name=f"x{index or ''}", type=dtype_number(dtype))
        for index, (_, dtype, _) in enumerate(flat_tensors(output)):
            body.signature.output_arg.add(name=f"y{index or ''}", type=dtype_number(dtype))
            body.ret[f"y{index or ''}"] = "relu:activations:0"
        add_node(body.node_def, "relu", "Relu", ["x"] if tensors else [], T=Dtype("float32"))
        concrete = self.meta.object_graph_def.concrete_functions[name]
        pair = concrete.canonicalized_input_signature.tuple_value.values
        positional = pair.add().tuple_value
        positional.SetInParent()
        for value in args:
            set_value(positional.values.add(), value)
        set_value(pair.add(), dict(keywords or {}))
        set_value(concrete.output_signature, output)
        return concrete

    def data(self) -> bytes:
        """The bytes of saved_model.pb."""
        return self.message.SerializeToString(deterministic=True)

    def write(self, path: Path) -> Path:
        """Write the directory and return it."""
        path.mkdir(parents=True, exist_ok=True)
        (path / "saved_model.pb").write_bytes(self.data())
        for name, data in self.files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
        return path


def flat_tensors(value: Any) -> list[Tensor]:
    """The tensors in a value for `set_value`, in TensorFlow's order: dicts by sorted key."""
    if isinstance(value, dict):
        return [tensor for key in sorted(value) for tensor in flat_tensors(value[key])]
    return [value] if isinstance(value, tuple) else []


def set_value(message: Any, value: Any) -> None:
    """Fill a StructuredValue: a (name, dtype, shape) tuple is a TensorSpec, a dict a dict."""
    if isinstance(value, tuple):
        name, dtype, shape = value
        message.tensor_spec_value.name = name
        message.tensor_spec_value.dtype = dtype_number(dtype)
        set_shape(message.tensor_spec_value.shape, shape)
    elif isinstance(value, dict):
        message.dict_value.SetInParent()
        for key, item in value.items():
            set_value(message.dict_value.fields[key], item)
    elif isinstance(value, bool):
        message.bool_value = value
    elif isinstance(value, int):
        message.int64_value = value
    elif isinstance(value, float):
        message.float64_value = value
    elif isinstance(value, str):
        message.string_value = value
    else:
        message.none_value.SetInParent()


def healthy() -> Model:
    """A model without a single finding."""
    model = Model()
    model.signature()
    return model


def varint(value: int) -> bytes:
    """A base-128 number."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _block(pairs: Sequence[tuple[bytes, bytes]]) -> bytes:
    out = bytearray()
    for key, value in pairs:
        out += varint(0) + varint(len(key)) + varint(len(value)) + key + value
    return bytes(out) + (0).to_bytes(4, "little") + (1).to_bytes(4, "little")


def variable_index(tensors: Mapping[str, tuple[int, ...]], shards: int = 1) -> bytes:
    """A `variables.index` of float32 vectors: name -> (offset, size in bytes[, shard])."""
    header = message_class("BundleHeaderProto")(num_shards=shards)
    pairs = [(b"", header.SerializeToString())]
    for name, (offset, size, *shard) in sorted(tensors.items()):
        entry: Any = message_class("BundleEntryProto")(dtype=1, offset=offset, size=size)
        entry.shard_id = shard[0] if shard else 0
        set_shape(entry.shape, (size // 4,))
        pairs.append((name.encode(), entry.SerializeToString()))
    out = bytearray()
    handles = []
    for block in (_block(pairs), _block([])):
        handles.append(varint(len(out)) + varint(len(block)))
        out += block + bytes(5)
    index = _block([(b"\xff", handles[0])])
    handles.append(varint(len(out)) + varint(len(index)))
    out += index + bytes(5)
    footer = handles[1] + handles[2]
    out += footer.ljust(40, b"\0") + (0xDB4775248B80FB57).to_bytes(8, "little")
    return bytes(out)


def with_variable(model: Model) -> Model:
    """Add a variable `w` to the graph, and complete files for it."""
    model.node("w", "VarHandleOp", dtype=Dtype("float32"), shape=(3,), shared_name="w")
    model.files["variables/variables.index"] = variable_index({"w": (0, 12)})
    model.files["variables/variables.data-00000-of-00001"] = bytes(12)
    return model
