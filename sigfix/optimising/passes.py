"""The passes in the order in which they run, as a table. Reading it needs no TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from sigfix.errors import SigfixError, UsageError
from sigfix.optimising.kernel_passes import KERNEL_PASSES
from sigfix.optimising.rows import EVERY_OTHER, Pass

if TYPE_CHECKING:
    from sigfix.optimising.graph.graph import Graph


# Why in this order: everything else asks for constants. A layout can only be changed where shapes
# are static, and scales are only seen as such where channels are last. `strides` looks for the
# kernel in front of scales, which `scales` moves. Factors go into transposed convolutions as long
# as there are any. TensorFlow can run the result: with oneDNN as it is, without as
# `exporting.reference` does it.
VALUE_PASSES = (
    Pass(
        "constants",
        "fold constants, drop dead nodes and identities",
        "shapes.grappler.simplify",
        in_loops=True,
        before=EVERY_OTHER,
    ),
    Pass(
        "loops",
        "loops of a known number of steps, written out",
        "loops.unrolling.unroll_loops",
        in_loops=True,
        before=("static-shapes",),
    ),
    Pass(
        "operators",
        "those that TF.js lacks in those that it has",
        "expressing.operators.express_operators",
        in_loops=True,
        before=("static-shapes",),
    ),
    Pass(
        "einsums",
        "as matrix products",
        "expressing.einsums.express_einsums",
        in_loops=True,
        before=("static-shapes",),
    ),
    Pass("static-shapes", "fold shape arithmetic", "shapes.static_shapes.fold_static_shapes"),
    Pass(
        "steps",
        "what each step does with its input: for all steps at once",
        "loops.steps.compute_at_once",
        after=("loops", "static-shapes"),
        before=("rows", "cuts"),
    ),
    Pass(
        "batch-norms",
        "their own mean and variance as operators",
        "scales.batch_statistics.compute_statistics",
    ),
    Pass(
        "layout",
        "NCHW kernels and transposes become NHWC",
        "layout.layout.use_nhwc",
        after=("static-shapes",),
    ),
    Pass(
        "strides",
        "every n-th row of a kernel's result by its stride",
        "convolutions.strided_kernels.merge_strides",
        in_loops=True,
        after=("layout",),
        before=("scales",),
    ),
    Pass(
        "flattening",
        "flatten into dense weights",
        "layout.flattening.fold_flattened_transposes",
        after=("layout",),
    ),
    Pass(
        "crops",
        "crop transposed convolutions at once",
        "convolutions.transposed_crops.absorb_crops",
        before=("transposed-convolutions",),
    ),
    Pass(
        "index-types",
        "places of the largest element as int32",
        "shapes.index_types.use_int32_indices",
    ),
    Pass(
        "stacking",
        "stacks joined before they are reshaped",
        "products.stacking.join_before_reshaping",
    ),
    Pass("rows", "dense layers on matrices, without reshapes between", "products.rows.use_rows"),
    Pass(
        "layer-norms",
        "layer norms in the fewest operators",
        "scales.layer_norms.centre_layer_norms",
        before=("scales",),
    ),
    Pass(
        "clamps",
        "relu6, hard-sigmoid and clips",
        "scales.clamps.rewrite_clamps",
        after=("layout",),
        before=("scales", "factors"),
    ),
    Pass("tanh-gelu", "GELU by tanh as GELU by sigmoid", "scales.tanh_gelu.rewrite_tanh_gelus"),
    Pass(
        "cuts",
        "products of rows for each part that is cut off",
        "products.product_cuts.compute_parts",
    ),
    Pass(
        "scales",
        "batch norms and scales into weights",
        "scales.scale_folding.fold_scales",
        after=("layout",),
    ),
    Pass(
        "factors",
        "scalar factors into later weights",
        "scales.scale_sinking.sink_scales",
        after=("layout",),
        before=("transposed-convolutions",),
    ),
    Pass("gelu", "its scale into weights", "scales.gelu.fold_gelu_scales", after=("factors",)),
    Pass("centring", "means of layer norms into weights", "scales.centring.centre_streams"),
    Pass(
        "transposed-convolutions",
        "as convolution and interleave",
        "convolutions.transposed_convolution.rewrite_transposed_convolutions",
    ),
    Pass(
        "channel-kernels",
        "remaining scales as 1 x 1 depthwise convolutions",
        "scales.channel_kernels.use_channel_kernels",
        after=("scales", "factors"),
    ),
    Pass("heads", "attention head by head", "products.attention_heads.separate_heads"),
    Pass(
        "winograd",
        "convolutions in fewer multiplications",
        "convolutions.winograd.use_winograd",
        target="tfjs-wasm",
    ),
    Pass("splits", "into many parts: in two levels", "kernels.wide_splits.split_in_two_levels"),
    Pass(
        "invariants",
        "what each step computes of the same: in front of the loop",
        "loops.invariants.hoist_invariants",
        in_loops=True,
        after=("loops", "operators", "einsums"),
        before=("duplicates",),
    ),
    Pass("identities", "no copies of tensors", "tidying.identities.drop_identities", in_loops=True),
    Pass("duplicates", "merge equal nodes", "tidying.duplicates.merge_duplicates", in_loops=True),
    Pass(
        "names", "shorten names", "tidying.naming.shorten_names", in_loops=True, after=EVERY_OTHER
    ),
)

PASSES = VALUE_PASSES + KERNEL_PASSES
ANY_TARGET = "tfjs"
TARGETS = (ANY_TARGET, *sorted({each.target for each in PASSES if each.target}))
"""What a graph can be optimised for, by the names that `sigfix inspect --target` has for them."""


def check_names(without: Collection[str]) -> None:
    """Raise `UsageError` for the name of a pass that there is not."""
    known = [each.name for each in PASSES]
    for name in without:
        if name not in known:
            raise UsageError(
                f"--without-pass {name}: there is no such pass.", f"one of {', '.join(known)}"
            )


Failing = Callable[[str, Exception], None]
"""Is told of a pass that fails, by its name, and of what it raised."""


def optimise_values(
    graph: Graph,
    without: Collection[str] = (),
    target: str = ANY_TARGET,
    failing: Failing | None = None,
) -> Graph:
    """Everything that changes constants. TensorFlow can still run the result.

    Without oneDNN it lacks kernels for depthwise convolutions with two strides or dilations: then
    in the form that `plain_kernels` gives the graph, in which `exporting.reference` always runs it.
    `graph` stays as it is.

    Weights are final afterwards, so this graph, with its weights quantised and dequantised, is
    the reference for a quantised model. A pass that raises is left out where `failing` is there to
    be told.
    """
    passes = [each for each in VALUE_PASSES if each.target in ("", target)]
    return _run(passes, graph, without, failing)


def optimise_kernels(
    graph: Graph, without: Collection[str] = (), failing: Failing | None = None
) -> Graph:
    """Everything that only TF.js can run; constants keep their names and values."""
    return _run(KERNEL_PASSES, graph, without, failing)


def _run(
    passes: Collection[Pass], graph: Graph, without: Collection[str], failing: Failing | None
) -> Graph:
    check_names(without)
    result = graph.copy()
    for each in passes:
        if each.name in without or (not each.in_loops and _has_loops(result)):
            continue
        try:
            each.run(result)
        except (SigfixError, MemoryError):
            raise
        except Exception as error:  # what a graph is like that nobody thought of tells the error
            if failing is None:
                raise
            failing(each.name, error)
            return _run(passes, graph, (*without, each.name), failing)  # it may be half done
    result.prune()
    return result


def _has_loops(graph: Graph) -> bool:
    return any(node.op == "Enter" for node in graph.nodes.values())
