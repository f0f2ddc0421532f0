"""Which program wrote a model, told from evidence that can be named."""

from __future__ import annotations

from dataclasses import dataclass

from sigfix.model import MetaGraph, SavedModel


@dataclass(frozen=True)
class Producer:
    """A program and what in the model gives it away."""

    name: str
    evidence: str


_BY_OPERATOR = (
    ("XlaCallModule", "jax2tf or StableHLO export", "an XlaCallModule operator"),
    ("SimpleMLInferenceOpWithHandle", "TensorFlow Decision Forests", "SimpleML operators"),
    ("SimpleMLInferenceOp", "TensorFlow Decision Forests", "SimpleML operators"),
)
_BY_FILE = (
    ("keras_metadata.pb", "Keras 2 (model.save)", "keras_metadata.pb"),
    ("tfhub_module.pb", "TF-Hub module (hub.Module)", "tfhub_module.pb"),
    ("saved_model.json", "Keras 1 contrib export", "assets/saved_model.json"),
    ("policy_specs.pbtxt", "TF-Agents policy", "policy_specs.pbtxt"),
)
_BY_IDENTIFIER = (
    ("_tf_keras_network", "Keras 2 (model.save)", "a root object of kind _tf_keras_network"),
    ("_tf_keras_sequential", "Keras 2 (model.save)", "a root object of kind _tf_keras_sequential"),
    ("_tf_keras_model", "Keras 2 (model.save)", "a root object of kind _tf_keras_model"),
    ("_tf_keras_layer", "Keras 2 layer", "a root object of kind _tf_keras_layer"),
)
_BY_CHILD = (
    ("_endpoint_names", "Keras (model.export)", "an ExportArchive's _endpoint_names"),
    ("_misc_assets", "Keras 3 (model.export)", "an ExportArchive's _misc_assets"),
    ("get_initial_state", "TF-Agents policy", "get_initial_state in the root object"),
)


def _graph_evidence(meta: MetaGraph) -> list[Producer]:
    found = []
    counts = meta.graph.op_counts
    found += [Producer(name, why) for op, name, why in _BY_OPERATOR if op in counts]
    names = {function.name for function in meta.graph.functions}
    if any("jax2tf" in name.lower() for name in names):
        found.append(Producer("jax2tf", "functions named after jax2tf"))
    nodes = {node.name for node in meta.graph.nodes}
    nodes.update(node.name for function in meta.graph.functions for node in function.nodes)
    if any("jax2tf" in name for name in nodes):
        found.append(Producer("jax2tf", "nodes named after jax2tf"))
    if any(name.startswith("onnx_tf_prefix") for name in nodes):
        found.append(Producer("onnx-tf", "nodes named onnx_tf_prefix..."))
    if any("tf.math.multiply_wa" in name or "onnx2tf" in name for name in nodes):
        found.append(Producer("onnx2tf", "nodes named after onnx2tf"))
    if any(name.startswith("head/predictions") or "/head/predictions" in name for name in nodes):
        found.append(Producer("TF1 Estimator", "nodes of an Estimator head"))
    elif any("_head/predictions" in name for name in nodes):
        found.append(Producer("TF1 Estimator (contrib)", "nodes of an Estimator head"))
    if any(name.startswith("transform/") for name in nodes) and "transform" in meta.tags:
        found.append(Producer("TensorFlow Transform", "the tag transform"))
    return found


def _object_evidence(meta: MetaGraph) -> list[Producer]:
    root = meta.objects.root if meta.objects else None
    if root is None:
        return []
    children = {name for name, _ in root.children}
    found = [Producer(name, why) for mark, name, why in _BY_IDENTIFIER if root.identifier == mark]
    marked = [Producer(name, why) for mark, name, why in _BY_CHILD if mark in children]
    found += marked[:1]
    if {"gen_tensor_dict", "tensor_dict"} & children:
        found.append(Producer("onnx-tf", "gen_tensor_dict in the root object"))
    if {"action", "get_train_step"} <= children:
        found.append(Producer("TF-Agents policy", "action and get_train_step in the root object"))
    return found


def producers(model: SavedModel) -> list[Producer]:
    """Every producer that the evidence names, the most specific first, without repetition."""
    found: list[Producer] = []
    if model.card is not None:
        found.append(Producer("sigfix", "assets.extra/sigfix.json"))
    names = {name.rpartition("/")[2] for name, _ in model.files}
    for meta in model.meta_graphs:
        found += _graph_evidence(meta) + _object_evidence(meta)
    found += [Producer(name, why) for file, name, why in _BY_FILE if file in names]
    if not found:
        for meta in model.meta_graphs:
            if model.encoding == "graph":
                found.append(Producer("frozen graph", "a GraphDef without a SavedModel"))
            elif meta.objects is not None:
                found.append(Producer("tf.Module (tf.saved_model.save)", "a plain object graph"))
            else:
                found.append(Producer("TF1 (SavedModelBuilder)", "no object graph"))
    unique: dict[str, Producer] = {}
    for producer in found:
        unique.setdefault(producer.name, producer)
    return list(unique.values())
