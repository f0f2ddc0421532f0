"""Run frozen GraphDefs in this process, which was started for nothing else.

`model` is `{"inputs", "outputs"}`, key -> node name, and `double` to compute in float64; a call is
`{"file"}`. Graphs are run as they are: TensorFlow 2.19's remapper aborts on some padded kernels.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2, rewriter_config_pb2

from sigfix.verifying.runners.answering import Function, ModelError, work
from sigfix.verifying.runners.double import in_double
from sigfix.verifying.runners.operators import named
from sigfix.verifying.runners.tensorflow_settings import in_effect


def load(job: dict[str, Any]) -> list[Function]:
    """One callable for each file: all outputs of its graph."""
    inputs, outputs = job["model"]["inputs"], job["model"]["outputs"]
    double = job["model"].get("double", False)
    definitions = (
        tf.compat.v1.GraphDef.FromString(Path(call["file"]).read_bytes()) for call in job["calls"]
    )
    job["details"].update(in_effect())
    return [graph_function(each, inputs, outputs, double) for each in definitions]


def graph_function(
    definition: Any, inputs: Mapping[str, str], outputs: Mapping[str, str], double: bool
) -> Function:
    """A frozen graph as a function; both mappings are key -> tensor or node name."""
    if double:
        definition = in_double(definition)
    config = config_pb2.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    config.graph_options.rewrite_options.remapping = rewriter_config_pb2.RewriterConfig.OFF
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(definition, name="")
    session = tf.compat.v1.Session(graph=graph, config=config)
    fetches = {key: _tensor(name) for key, name in outputs.items()}

    def run(fed: dict[str, Any]) -> dict[str, Any]:
        feeds = {_tensor(inputs[key]): _wide(value, double) for key, value in fed.items()}
        try:
            found: dict[str, Any] = session.run(fetches, feeds)
        except Exception as error:
            raise ModelError(named(error, definition)) from error
        return found

    return run


def _tensor(name: str) -> str:
    return name if ":" in name else f"{name}:0"


def _wide(value: Any, double: bool) -> Any:
    return value.astype(np.float64) if double and np.asarray(value).dtype == np.float32 else value


if __name__ == "__main__":
    work(load)
