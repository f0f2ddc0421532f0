"""TensorFlow's own graph optimiser, without the steps that emit kernels TF.js does not have.

Its remapper is left out: it builds fused kernels for TensorFlow's CPU (`_FusedHardSwish`,
`_FusedBatchNormEx`, `_MklLayerNorm`) that no TF.js backend knows. `kernels/fusing.py` does that
part.
"""

from __future__ import annotations

from typing import Any

from sigfix.optimising.graph.graph import Graph, from_graph_def
from sigfix.optimising.graph.setting_aside import is_large, never_folded

# Assertions and prints go first: TF.js has neither, and no output depends on them. `loop` takes out
# the branch of a switch that a constant never takes.
STEPS = (
    "debug_stripper",
    "pruning",
    "constfold",
    "loop",
    "arithmetic",
    "dependency",
    "pruning",
    "constfold",
    "dependency",
)


def simplify(graph: Graph) -> int:
    """Fold constants, drop identities and dead nodes; returns how many nodes went.

    Inputs and outputs keep their names.
    """
    import tensorflow as tf
    from tensorflow.core.protobuf import config_pb2, meta_graph_pb2
    from tensorflow.python.grappler import tf_optimizer

    config = config_pb2.ConfigProto()
    options = config.graph_options.rewrite_options
    options.optimizers[:] = list(STEPS)
    options.meta_optimizer_iterations = options.ONE
    # A compressed constant (one value repeated) would reach TF.js without its values.
    options.experimental_disable_compressed_tensor_optimization = True
    # Without a limit every constant result is folded, however large.
    aside = never_folded(graph)
    large = {name for name, node in graph.nodes.items() if is_large(node)}
    with tf.Graph().as_default() as tensorflow_graph:  # which is asked for types and shapes alone
        tf.import_graph_def(graph.graph_def(aside | large), name="")
    signature = meta_graph_pb2.SignatureDef(method_name="tensorflow/serving/predict")
    for names, tensors in ((graph.inputs, signature.inputs), (graph.outputs, signature.outputs)):
        for name in names:
            if name in graph.nodes:
                tensor = tensorflow_graph.get_tensor_by_name(f"{name}:0")
                tensors[name].name = tensor.name
                tensors[name].dtype = tensor.dtype.as_datatype_enum
                tensors[name].tensor_shape.CopyFrom(tensor.shape.as_proto())

    def described() -> Any:
        """The graph as Grappler takes it; who holds it holds another copy of all weights."""
        meta_graph = meta_graph_pb2.MetaGraphDef(graph_def=graph.graph_def(aside))
        meta_graph.signature_def["serving_default"].CopyFrom(signature)
        return meta_graph

    optimised = tf_optimizer.OptimizeGraph(config, described())
    simplified = from_graph_def(optimised, graph.inputs, graph.outputs)
    del optimised
    simplified.nodes |= {name: graph.nodes[name] for name in aside if name in simplified.nodes}
    simplified.prune()
    dropped = len(graph.nodes) - len(simplified.nodes)
    graph.set_nodes(simplified.nodes)
    graph.library, graph.versions = simplified.library, simplified.versions
    return dropped
