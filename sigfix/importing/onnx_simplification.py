"""An ONNX graph as small and as static as it can be, before its operators are traced."""

from __future__ import annotations

from typing import Any

import onnx
import onnx.inliner
import onnxslim

from sigfix.importing.onnx_graph import graph_inputs
from sigfix.importing.shape_folding import fold_shapes
from sigfix.importing.static_shapes import settle_shapes


def simplify(model: onnx.ModelProto) -> onnx.ModelProto:
    """Fold constants and shape arithmetic, merge batch norms into convolutions.

    Functions that the model brings with it are put in place of their calls first.
    """
    if model.functions:
        model = onnx.inliner.inline_local_functions(model)
    inputs = [onnx.ValueInfoProto.FromString(v.SerializeToString()) for v in graph_inputs(model)]
    slim: Any = onnxslim.slim(settle_shapes(fold_shapes(model)))
    simplified: onnx.ModelProto = slim
    # What turned out not to be read is an input all the same: callers feed it.
    del simplified.graph.input[:]
    simplified.graph.input.extend(inputs)
    return simplified
