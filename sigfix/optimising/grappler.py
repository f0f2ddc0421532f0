"""TensorFlow's own graph optimiser, without the steps that emit kernels TF.js does not have.

Its remapper is left out: it builds fused kernels for TensorFlow's CPU (`_FusedHardSwish`,
`_FusedBatchNormEx`, `_MklLayerNorm`) that no TF.js backend knows. `fusing.py` does that part.
"""

from __future__ import annotations

from typing import Any

from sigfix.optimising.graph import Graph, from_graph_def

# Assertions and prints go first: TF.js has neither, and no output depends on them.
STEPS = (
    "debug_stripper",
    "pruning",
    "constfold",
    "arithmetic",
    "dependency",
    "pruning",
    "constfold",
    "dependency",
)


def simplify(graph: Graph, signature: Any) -> Graph:
    """Fold constants, drop identities and dead nodes; inputs and outputs keep their names.

    `signature` is the SignatureDef whose tensors are kept.
    """
    import tensorflow as tf
    from tensorflow.core.protobuf import config_pb2
    from tensorflow.python.grappler import tf_optimizer
    from tensorflow.python.training.saver import export_meta_graph

    config = config_pb2.ConfigProto()
    options = config.graph_options.rewrite_options
    options.optimizers[:] = list(STEPS)
    options.meta_optimizer_iterations = options.ONE
    # A compressed constant (one value repeated) would reach TF.js without its values.
    options.experimental_disable_compressed_tensor_optimization = True
    # Without a limit every constant result is folded, however large.
    definition = graph.graph_def()
    with tf.Graph().as_default() as tensorflow_graph:
        tf.import_graph_def(definition, name="")
    meta_graph = export_meta_graph(graph_def=definition, graph=tensorflow_graph)
    meta_graph.signature_def["serving_default"].CopyFrom(signature)
    return from_graph_def(
        tf_optimizer.OptimizeGraph(config, meta_graph), graph.inputs, graph.outputs
    )
