"""A signature frozen by the loader of TensorFlow 1, which servers use.

It takes models that `tf.saved_model.load` does not: with one tensor as two inputs, with a signature
that is in the signature map alone, or with objects that nobody can make any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from sigfix.errors import ConversionError
from sigfix.exporting.refusing import refuse_operators
from sigfix.exporting.tables import fill_tables, session_tables


def frozen_by_v1(
    model: Path, key: str, tags: Sequence[str]
) -> tuple[Any, dict[str, tf.TensorSpec], dict[str, str]]:
    """The frozen GraphDef, its inputs (called as their tensors) and output tensors by key.

    Raises what TensorFlow raises where this loader cannot load or freeze it either, and
    `ConversionError` for composite inputs and outputs, and for
    tables that cannot be read.
    """
    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        loaded = v1.saved_model.loader.load(session, list(tags), str(model))
        signature = loaded.signature_def[key]
        for item in (*signature.inputs.values(), *signature.outputs.values()):
            if item.WhichOneof("encoding") != "name":
                raise ConversionError(f"'{key}' has composite inputs or outputs.")
        outputs = {name: item.name for name, item in sorted(signature.outputs.items())}
        names = sorted({name.partition(":")[0] for name in outputs.values()})
        whole = v1.graph_util.extract_sub_graph(graph.as_graph_def(), names)
        refuse_operators({str(node.op) for node in whole.node})
        inputs = {}
        for name, item in sorted(signature.inputs.items()):
            tensor = graph.get_tensor_by_name(item.name)
            inputs[name] = tf.TensorSpec(tensor.shape, tensor.dtype, item.name)
        definition = v1.graph_util.convert_variables_to_constants(
            session, graph.as_graph_def(), names
        )
        fill_tables(definition, session_tables(session, graph), model)
    return definition, inputs, outputs
