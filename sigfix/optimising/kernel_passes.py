"""The passes whose result only TensorFlow.js can run, in order: the second half of the table."""

from __future__ import annotations

from sigfix.optimising.rows import EVERY_OTHER, Pass

# What only TF.js can run. Constants keep their names and values. The others do not know the fused
# kernels.
KERNEL_PASSES = (
    Pass(
        "ensured-shapes",
        "what TF.js cannot read: as what it is given",
        "tidying.ensured_shapes.drop_ensured_shapes",
        in_loops=True,
    ),
    Pass(
        "cases",
        "a Switch for each of several branches",
        "loops.branches.split_cases",
        in_loops=True,
    ),
    Pass(
        "branches",
        "constants come with the branch that they are of",
        "loops.branches.tie_constants",
        in_loops=True,
        after=("cases",),
        before=("control-edges",),
    ),
    Pass(
        "control-edges",
        "no order but that of the data",
        "tidying.control_edges.drop_control_edges",
        in_loops=True,
    ),
    Pass(
        "nested-loops",
        "what they start from waits for the outer loop's step",
        "loops.invariants.start_nested_loops",
        in_loops=True,
        after=("control-edges",),
    ),
    Pass(
        "booleans",
        "as whole numbers, where the wasm backend gets it wrong",
        "kernels.booleans.move_as_numbers",
        in_loops=True,
    ),
    Pass(
        "axes",
        "of running sums, from the first axis on",
        "kernels.negative_axes.count_from_the_first",
        in_loops=True,
    ),
    Pass(
        "scattering",
        "into a copy, where the cpu backend writes into what it is given",
        "kernels.scattering.copy_before_scattering",
        in_loops=True,
    ),
    Pass(
        "same-padding",
        "as amounts, where the wasm backend gets it wrong",
        "kernels.same_padding.write_out_padding",
        in_loops=True,
        before=("fusing",),
    ),
    Pass(
        "padding",
        "zero padding into convolutions",
        "kernels.padding.fold_padding",
        in_loops=True,
        before=("fusing",),
    ),
    Pass(
        "casts",
        "between types that are one in TF.js: none",
        "kernels.same_casts.drop_same_casts",
        in_loops=True,
        after=("axes", "same-padding"),  # which ask TensorFlow, for which they are two
        before=("fusing",),
    ),
    Pass(
        "fusing",
        "bias and activation into kernels",
        "kernels.fusing.fuse_bias_and_activation",
        in_loops=True,
    ),
    Pass(
        "stages",
        "the last of each part of the network as the source calls it",
        "tidying.naming.name_stages",
        in_loops=True,
        after=EVERY_OTHER,
    ),
)
