"""sigfix's operators as handlers of onnx-tf, and how onnx-tf writes a SavedModel.

Imported by `onnx_tf_adapter`, which makes onnx-tf importable first.
"""

from __future__ import annotations

import functools
import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
import tensorflow as tf
from onnx import helper, numpy_helper
from onnx_tf.backend_rep import TensorflowRep
from onnx_tf.handlers.backend_handler import BackendHandler

from sigfix.errors import ConversionError, SigfixError
from sigfix.importing.kernels import missing_kernel
from sigfix.importing.onnx_graph import graph_inputs
from sigfix.importing.operators.registry import OPERATORS, Node, expressed
from sigfix.importing.refusal_reasons import FORMS, type_name
from sigfix.importing.shape_folding import fold_shapes
from sigfix.importing.static_shapes import settle_shapes
from sigfix.planning.names import signature_keys

SIGNATURE = "serving_default"
SHORT_FLOATS = ("BFLOAT16", "FLOAT8", "FLOAT4")
"""How the names of ONNX's types begin that TensorFlow takes for others."""

_alive: list[Any] = []
"""onnx-tf finds handlers through weak references to subclasses."""


def register_operators() -> None:
    """Make every operator of sigfix a handler of onnx-tf, over the one that it has itself.

    onnx-tf takes the last direct subclass of `BackendHandler` for an operator. Each also inherits
    from the one that it replaces, which still takes what sigfix refuses.
    """
    importlib.import_module("sigfix.importing.operators")
    own = {h.ONNX_OP: h for h in BackendHandler.__subclasses__() if h.DOMAIN == ""}
    for name in sorted({operator for operator, _ in OPERATORS}):
        bases = (own[name], BackendHandler) if name in own else (BackendHandler,)
        members = {"ONNX_OP": name, "handle": classmethod(_handle)}
        _alive.append(type(f"Sigfix{name}", bases, members))


@dataclass(frozen=True)
class _Made:
    """What one of sigfix's operators made of a node: its outputs, or why it made none."""

    outputs: list[Any]
    refusal: ConversionError | None = None


def _handle(cls: Any, node: Any, /, **kwargs: Any) -> Any:
    """onnx-tf's call: sigfix's operator, or what onnx-tf itself has where that refuses the node.

    Raises sigfix's `ConversionError`, which names the node, where both fail.
    """
    made = _made(cls, node.node_proto, kwargs["tensor_dict"])
    if made.refusal is None:
        return made.outputs
    try:
        outputs = super(cls, cls).handle(node, **kwargs)
    except Exception as error:  # handlers raise whatever they meet
        raise made.refusal from error
    return outputs


@tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
def _made(cls: Any, proto: onnx.NodeProto, tensors: dict[str, Any]) -> _Made:
    """A node through sigfix's operator, which emits what a kernel computes, or refuses it."""
    attributes = {a.name: helper.get_attribute_value(a) for a in proto.attribute}
    name = proto.name or ", ".join(proto.output)
    node = Node(proto.op_type, cls.SINCE_VERSION, name, attributes, len(proto.output))
    graph = tf.compat.v1.get_default_graph()
    before = len(graph.get_operations())
    try:
        if (node.operator, node.since_version) not in OPERATORS:
            raise node.refuse(f"sigfix has no version {node.since_version} of it")
        for form in FORMS:
            if node.operator in form.operators and form.found(attributes, proto):
                raise node.refuse(form.reason)
        outputs = expressed(node, [tensors[i] if i else None for i in proto.input])
        missing = [m for m in map(missing_kernel, graph.get_operations()[before:]) if m]
        if missing:
            raise node.refuse(f"TensorFlow has no kernel for {missing[0]}")
    except ConversionError as refusal:
        return _Made([], refusal)
    except SigfixError:
        raise
    except Exception as error:  # TensorFlow raises many kinds for what it does not express
        return _Made([], node.fault(error))
    return _Made(list(outputs))


def of_a_plain_copy(represent: Any) -> Any:
    """onnx-tf's `onnx_model_to_tensorflow_rep`, of a copy of the model that is easier to trace.

    It has no shape arithmetic: exporters compute sizes at run time, and some of sigfix's operators
    have to know them. Its inputs have names that TensorFlow passes by name.

    Raises `ConversionError` for floats that TensorFlow rounds otherwise than ONNX.
    """

    def represent_plainly(cls: Any, model: onnx.ModelProto, strict: bool, **options: Any) -> Any:
        _refuse_short_floats(model)
        copy = onnx.ModelProto()
        copy.CopyFrom(model)
        copy = settle_shapes(fold_shapes(copy))
        name_inputs_safely(copy)
        return represent(cls, copy, strict, **options)

    return represent_plainly


def _refuse_short_floats(model: onnx.ModelProto) -> None:
    kinds = {v.name: v.type.tensor_type.elem_type for v in graph_inputs(model)}
    kinds |= {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    for name, kind in kinds.items():
        if type_name(kind).startswith(SHORT_FLOATS):
            raise ConversionError(
                f"{name}: TensorFlow does not compute with {type_name(kind)} as ONNX does."
            )


def name_inputs_safely(model: onnx.ModelProto) -> None:
    """Call inputs as signatures can, in place; identities lead to what the nodes read."""
    inputs = graph_inputs(model)
    keys = signature_keys(value.name for value in inputs)
    taken = {name for node in model.graph.node for name in (*node.input, *node.output)}
    added = []
    for value in inputs:
        own, key = value.name, keys[value.name]
        if key == own:
            continue
        while key in taken:
            key = f"{key}_"
        added.append(helper.make_node("Identity", [key], [own], name=key))
        value.name = key
    nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend([*added, *nodes])


def at_its_own_opset(emit: Any) -> Any:
    """onnx-tf's walk, with each node's handler told the opset of the model that the node is of.

    onnx-tf tells the classes when a model is prepared, and reads them when it is traced, at the
    first `run`: a model of another opset, prepared in between, changed what the first one meant.
    """

    def emit_at_opset(
        cls: Any,
        node: Any,
        tensor_dict: dict[str, Any],
        handlers: Any = None,
        opset: Any = None,
        strict: bool = True,
    ) -> Any:
        _tell(cls, opset)
        return emit(cls, node, tensor_dict, handlers, opset, strict)

    return emit_at_opset


@tf.autograph.experimental.do_not_convert  # type: ignore[untyped-decorator]
def _tell(backend: Any, opset: Any) -> None:
    """Tell onnx-tf's handlers a model's opset, where they were told another one last."""
    own = next((int(o.version) for o in opset or () if o.domain == ""), None)
    if own is not None and own != _alive[0].VERSION:
        backend._get_handlers(opset)


def initializers(cls: Any, tensors: Any, training_mode: bool = False) -> list[tuple[str, Any]]:
    """onnx-tf's `_onnx_initializer_to_input_dict_items`, without a Python list of every weight."""
    arrays = [(tensor.name, numpy_helper.to_array(tensor)) for tensor in tensors]
    return [(n, tf.Variable(a) if training_mode else tf.constant(a)) for n, a in arrays]


def said_by_sigfix(call: Any) -> Any:
    """A method that raises sigfix's own error, which TensorFlow has put into one of its kind."""

    @functools.wraps(call)
    def called(*arguments: Any, **options: Any) -> Any:
        try:
            return call(*arguments, **options)
        except Exception as error:
            inner: BaseException | None = error
            while inner is not None and not isinstance(inner, ConversionError):
                inner = inner.__context__
            if inner is None or inner is error:
                raise
            raise inner from inner.__cause__

    return called


@said_by_sigfix
def export_graph(self: TensorflowRep, path: str | Path) -> None:
    """`TensorflowRep.export_graph` with a `serving_default` that others can call.

    Inputs and outputs are called as the ONNX model calls them, as far as a signature can
    (`signature_keys`); what ONNX leaves open, such as the batch, stays so.

    Raises `ConversionError` where an input is no tensor, or where a node cannot be expressed.
    """
    others = [name for name in self.inputs if name not in self.signatures]
    if others:
        raise ConversionError(f"No signature has a place for {', '.join(others)}: no tensor.")
    keys = signature_keys(self.outputs)
    module = self.tf_module
    traced: Any = type(module).__call__

    def serve(**tensors: Any) -> dict[str, Any]:
        made = traced.python_function(module, **tensors)
        return {keys[name]: tf.identity(tensor) for name, tensor in made.items()}

    specs = {n: tf.TensorSpec(s.shape, s.dtype, name=n) for n, s in self.signatures.items()}
    module.is_export = True
    try:
        function = tf.function(serve).get_concrete_function(**specs)
        tf.saved_model.save(module, str(path), signatures={SIGNATURE: function})
    finally:
        module.is_export = False
