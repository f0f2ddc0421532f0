"""Graphs that look like what a pass rewrites and are not: every pass, alone and with the others.

Axes have equal sizes where that hides which axis is meant, operands broadcast, results other than
the first are read.
"""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sigfix.optimising import passes
from sigfix.optimising.graph.graph import Graph
from tests.optimising.graphs import frozen, noise, operators, run


def convolution(x, outputs=4, kernel=1, seed=1):
    return tf.nn.conv2d(x, noise(kernel, kernel, x.shape[-1], outputs, seed=seed), 1, "SAME")


def batch_norm_with_statistics(x):
    """A batch norm whose mean somebody reads as well."""
    y, mean, _ = tf.raw_ops.FusedBatchNormV3(
        x=x,
        scale=noise(4),
        offset=noise(4, seed=2),
        mean=noise(4, seed=3),
        variance=abs(noise(4, seed=4)) + 0.1,
        is_training=False,
    )[:3]
    return tf.nn.relu(y) + mean


def norms_of_two_halves(x):
    """tf.nn.moments' form, with the deviation of another part than the one it is used for."""
    parts = tf.split(x, 2, -1)
    mean = tf.reduce_mean(parts[0], -1, keepdims=True)
    variance = tf.reduce_mean(tf.math.squared_difference(parts[1], mean), -1, keepdims=True)
    factor = tf.math.rsqrt(variance + 0.1) * noise(2)
    return parts[0] * factor + (noise(2, seed=2) - mean * factor)


def keys_of_one_head(x):
    """Attention in which all heads share one head of keys and values."""
    rows = tf.reshape(x, [-1, 4])

    def heads(count, seed):
        y = tf.reshape(tf.matmul(rows, noise(4, 400 * count, seed=seed)), [-1, 16, count, 400])
        return tf.transpose(y, (0, 2, 1, 3))

    scores = tf.matmul(heads(4, 1), heads(1, 2), transpose_b=True) * 0.01
    y = tf.transpose(tf.matmul(tf.nn.softmax(scores), heads(1, 3)), (0, 2, 1, 3))
    return tf.reshape(y, [-1, 16, 1600])


def clipped_by_images(x):
    """Bounds for each element, on both sides of a transpose."""
    low = tf.constant(noise(2, 4, 4, 4) - 0.5)
    y = tf.raw_ops.ClipByValue(
        t=tf.transpose(x, (0, 3, 1, 2)), clip_value_min=low, clip_value_max=low + 1.0
    )
    return tf.transpose(y, (0, 2, 3, 1))


def clipped_rows(x):
    y = tf.reshape(tf.matmul(tf.reshape(x, [-1, 4]), noise(4, 3)), [2, 16, 3])
    low = tf.constant(noise(2, 16, 3))
    y = tf.raw_ops.ClipByValue(t=y, clip_value_min=low, clip_value_max=low + 0.5)
    return tf.reshape(tf.matmul(tf.reshape(y, [-1, 3]), noise(3, 5)), [2, 16, 5])


def flattened_and_clipped(x):
    y = tf.reshape(tf.transpose(x, (0, 3, 1, 2)), [2, 64])
    low = tf.constant(noise(2, 64))
    y = tf.raw_ops.ClipByValue(t=y, clip_value_min=low, clip_value_max=low + 0.5)
    return tf.matmul(y, noise(64, 3))


def reversed_up_to_the_batch(x):
    """x[n::-1] where n is the batch: with an open end it would go down to the first one."""
    n = tf.shape(x)[0]
    turned = tf.strided_slice(x, [3], tf.stack([n]), [-1])
    return tf.concat([x, turned], 0)


def sizes_of_a_turned_product(x):
    """The first size of a^T b is the columns of a, not its rows."""
    rows = tf.reshape(x, [-1, 4])
    y = tf.raw_ops.BatchMatMulV2(x=rows, y=rows, adj_x=True)
    return tf.reshape(y, [tf.shape(y)[0] * 2, -1]) * tf.cast(tf.shape(y)[0], tf.float32)


def gathered_shapes(x):
    """Shape arithmetic that gathers a number from each row of a table."""
    table = tf.reshape(tf.concat([tf.shape(x), tf.shape(x) * 2], 0), [2, 4])
    sizes = tf.gather(table, tf.constant([[1], [2]]), axis=1, batch_dims=1)
    return tf.reshape(x, [-1, sizes[0, 0], sizes[1, 0] // 2 * 4])


def bias_of_the_first_axis(x):
    """A bias of channels first, in a stream that a layer norm reads; all sizes are four."""
    y = tf.reshape(convolution(x), [-1, 4, 4, 4])
    y = tf.nn.bias_add(tf.transpose(y, (0, 3, 1, 2)), noise(4), data_format="NCHW")
    centred = y - tf.reduce_mean(y, -1, keepdims=True)
    return centred * tf.math.rsqrt(tf.reduce_mean(tf.square(centred), -1, keepdims=True) + 0.1)


def mean_that_is_read_elsewhere(x):
    y = tf.reshape(convolution(x), [-1, 4])
    mean = tf.reduce_mean(y, -1, keepdims=True)
    centred = y - mean
    normal = centred * tf.math.rsqrt(tf.reduce_mean(tf.square(centred), -1, keepdims=True) + 0.1)
    return tf.concat([normal, mean], -1)


def scalar_on_one_channel(x):
    return tf.nn.relu(convolution(x, 1) + 3.0)


def more_axes_by_a_bias(x):
    return tf.matmul(tf.reshape(x, [-1, 4]), noise(4, 5)) + noise(1, 1, 5)


def column_on_one_output(x):
    return tf.matmul(tf.reshape(x, [32, 4]), noise(4, 1)) + noise(32, 1)


def row_of_an_image(x):
    return convolution(x, 4) + noise(1, 4, 1)


def second_part_is_enlarged(x):
    """Twice the rows that the first part of a split has: it is the second that is read."""
    _, part = tf.split(tf.concat([x, x[:, :1]], 1), [3, 2], 1)
    shape = [tf.shape(x)[0], 6, 4, 3]
    y = tf.nn.conv2d_transpose(part, noise(4, 1, 3, 4), shape, [2, 1], "VALID")
    y.set_shape([None, *shape[1:]])
    return y


def second_part_is_scaled(x):
    first, second = tf.split(convolution(x * noise(4), 8), 2, -1)
    return convolution(second * noise(4, seed=5)) + first


def added_twice(x):
    y = convolution(x)
    return y + y


def scales_of_rows_and_columns(x):
    y = convolution(x) * noise(4, 1)
    return convolution(y * noise(4, 1, 1) + noise(1, 4, 1))


CASES = [
    batch_norm_with_statistics,
    norms_of_two_halves,
    keys_of_one_head,
    clipped_by_images,
    clipped_rows,
    flattened_and_clipped,
    reversed_up_to_the_batch,
    sizes_of_a_turned_product,
    gathered_shapes,
    bias_of_the_first_axis,
    mean_that_is_read_elsewhere,
    scalar_on_one_channel,
    more_axes_by_a_bias,
    column_on_one_output,
    row_of_an_image,
    second_part_is_enlarged,
    second_part_is_scaled,
    added_twice,
    scales_of_rows_and_columns,
]


def check(graph: Graph, changed: Graph) -> None:
    x = noise(2, 4, 4, 4, seed=7)
    expected, found = run(graph, x), run(changed, x)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() < 1e-5 * max(np.ptp(expected), 1)


@pytest.mark.parametrize("build", CASES, ids=lambda build: build.__name__)
def test_every_pass_alone_computes_the_same(build):
    graph = frozen(build, None, 4, 4, 4)
    for each in passes.VALUE_PASSES:
        changed = graph.copy()
        each.run(changed)
        changed.prune()
        try:
            check(graph, changed)
        except Exception as error:
            raise AssertionError(f"wrong after {each.name}: {error}") from error


@pytest.mark.parametrize("without", [(), ("scales",), ("layout",), ("constants", "static-shapes")])
@pytest.mark.parametrize("build", CASES, ids=lambda build: build.__name__)
def test_all_passes_compute_the_same(build, without):
    graph = frozen(build, None, 4, 4, 4)
    valued = passes.optimise_values(graph, without)
    check(graph, valued)
    kernels = passes.optimise_kernels(valued, without)
    for node in kernels.nodes.values():
        if "fused_ops" in node.attr:  # one vector, whatever was added before
            assert kernels.constant(node.input[2]).ndim == 1


def test_what_a_fused_bias_would_change_is_not_fused():
    kept = [more_axes_by_a_bias, column_on_one_output, row_of_an_image]
    (fusing,) = (each for each in passes.PASSES if each.name == "fusing")
    for build in [*kept, scalar_on_one_channel]:
        graph = frozen(build, None, 4, 4, 4)
        fusing.run(graph)
        fused = [n for n in graph.nodes.values() if "fused_ops" in n.attr]
        assert len(fused) == (0 if build in kept else 1), build.__name__


def test_a_graph_that_was_optimised_is_as_it_was():
    """Constants are shared with the copy that the passes work on, and names are theirs."""
    graph = frozen(lambda x: tf.nn.relu(tf.matmul(x, noise(64, 512)) + noise(512)), None, 64)
    before = graph.graph_def().SerializeToString(deterministic=True)
    passes.optimise_kernels(passes.optimise_values(graph))
    assert {name: node.name for name, node in graph.nodes.items()} == {n: n for n in graph.nodes}
    assert graph.graph_def().SerializeToString(deterministic=True) == before


def pairs_of_lists(x):
    """Two equal lists of each kind, each with another element written into it."""
    raw, row = tf.raw_ops, tf.constant([4])
    kind = {"element_shape": row, "element_dtype": tf.float32}
    makers = [
        lambda: raw.TensorListReserve(num_elements=3, **kind),
        lambda: raw.TensorListFromTensor(tensor=x, element_shape=row),
        lambda: raw.TensorListResize(
            input_handle=raw.EmptyTensorList(max_num_elements=3, **kind), size=3
        ),
    ]
    written = [
        raw.TensorListSetItem(input_handle=make(), index=i, item=x[i])
        for make in makers
        for i in range(2)
    ]
    return tf.concat([raw.TensorListStack(input_handle=each, **kind) for each in written], 0)


def test_what_tfjs_writes_in_place_is_not_merged():
    """TF.js keeps a TensorList as a thing that changes, so two equal new lists are two."""
    graph = frozen(pairs_of_lists, 3, 4)

    def lists(graph):
        return {op: count for op, count in operators(graph).items() if "TensorList" in op}

    # The pass `loops` makes plain tensors of such lists, as long as it knows what is in them.
    valued = passes.optimise_values(graph, without=("loops",))
    assert lists(valued) == lists(graph)
    assert set(lists(graph).values()) == {2, 6}
    x = noise(3, 4)
    np.testing.assert_array_equal(run(valued, x), run(graph, x))
