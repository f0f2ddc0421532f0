"""Detectors: with Upsample of opset 9, and with boxes that are sorted out at the end."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.onnx_models.building import drawn, parsed


def upsampling(opset: int = 9) -> Any:
    """As PyTorch 1.1 wrote a single-shot detector: attributes where inputs are today."""
    weights = {
        "w1": drawn(1, 8, 3, 3, 3), "b1": drawn(2, 8), "g": drawn(3, 8) + 1, "b": drawn(4, 8),
        "m": drawn(5, 8), "v": abs(drawn(6, 8)) + 1, "w2": drawn(7, 8, 8, 3, 3),
        "w3": drawn(8, 6, 16, 1, 1),
    }  # fmt: skip
    text = """g (float[1, 3, 32, 32] input.1, float[8, 3, 3, 3] w1) => (float[1, 64, 4] boxes,
        float[1, 64, 2] scores) {
        c1 = Conv<kernel_shape = [3, 3], pads = [1, 1, 1, 1], strides = [2, 2]>(input.1, w1, b1)
        n1 = BatchNormalization<epsilon = 1e-5>(c1, g, b, m, v)
        r1 = LeakyRelu<alpha = 0.1>(n1)
        c2 = Conv<kernel_shape = [3, 3], pads = [1, 1, 1, 1], strides = [2, 2]>(r1, w2)
        r2 = Clip<min = 0.0, max = 6.0>(c2)
        scales = Constant<value = float[4] {1.0, 1.0, 2.0, 2.0}>()
        up = Upsample<mode = "nearest">(r2, scales)
        both = Concat<axis = 1>(r1, up)
        d1 = Dropout<ratio = 0.5>(both)
        padded = Pad<mode = "constant", pads = [0, 0, 0, 0, 0, 0, 0, 0], value = 0.0>(d1)
        c3 = Conv<kernel_shape = [1, 1], strides = [2, 2]>(padded, w3)
        t = Transpose<perm = [0, 2, 3, 1]>(c3)
        shape = Constant<value = int64[3] {1, -1, 6}>()
        flat = Reshape(t, shape)
        boxes = Slice<axes = [2], starts = [0], ends = [4]>(flat)
        last = Slice<axes = [2], starts = [4], ends = [6]>(flat)
        scores = Softmax<axis = 2>(last)
    }""".replace("input.1", "input_1")
    return parsed(text, opset, weights, ir=4)


def single_shot(opset: int = 9) -> Any:
    """As PyTorch 1.1 wrote SSD: offsets from priors are decoded, and the best boxes taken."""
    random = np.random.default_rng(3)
    priors = np.concatenate(
        [random.uniform(0.1, 0.9, (1, 64, 2)), random.uniform(0.1, 0.4, (1, 64, 2))], axis=2
    )
    weights = {
        "w1": drawn(1, 8, 3, 3, 3), "g": drawn(3, 8) + 1, "b": drawn(4, 8), "m": drawn(5, 8),
        "v": abs(drawn(6, 8)) + 1, "locate": drawn(7, 4, 8, 3, 3), "tell": drawn(8, 3, 8, 3, 3),
        "priors": priors.astype(np.float32),
    }  # fmt: skip
    text = """g (float[1, 3, 32, 32] image) => (float[1, 10, 4] boxes, float[1, 10] best) {
        c1 = Conv<kernel_shape = [3, 3], pads = [1, 1, 1, 1], strides = [2, 2]>(image, w1)
        n1 = BatchNormalization(c1, g, b, m, v)
        r1 = Relu(n1)
        p1 = MaxPool<kernel_shape = [2, 2], strides = [2, 2]>(r1)
        c2 = Conv<kernel_shape = [3, 3], pads = [1, 1, 1, 1]>(p1, locate)
        c3 = Conv<kernel_shape = [3, 3], pads = [1, 1, 1, 1]>(p1, tell)
        t2 = Transpose<perm = [0, 2, 3, 1]>(c2)
        t3 = Transpose<perm = [0, 2, 3, 1]>(c3)
        four = Constant<value = int64[3] {1, 64, 4}>()
        three = Constant<value = int64[3] {1, 64, 3}>()
        offsets = Reshape(t2, four)
        logits = Reshape(t3, three)
        scores = Softmax<axis = 2>(logits)
        middles = Slice<axes = [2], starts = [0], ends = [2]>(priors)
        sizes = Slice<axes = [2], starts = [2], ends = [4]>(priors)
        move = Slice<axes = [2], starts = [0], ends = [2]>(offsets)
        grow = Slice<axes = [2], starts = [-2], ends = [9223372036854775807]>(offsets)
        tenth = Constant<value = float {0.1}>()
        fifth = Constant<value = float {0.2}>()
        moved = Mul(move, tenth)
        shift = Mul(moved, sizes)
        middle = Add(middles, shift)
        grown = Mul(grow, fifth)
        factor = Exp(grown)
        size = Mul(sizes, factor)
        two = Constant<value = float {2.0}>()
        half = Div(size, two)
        low = Sub(middle, half)
        high = Add(middle, half)
        corners = Concat<axis = 2>(low, high)
        all = Clip<min = 0.0, max = 1.0>(corners)
        first = Slice<axes = [2], starts = [1], ends = [2]>(scores)
        of_class = Squeeze<axes = [2]>(first)
        best, places = TopK<axis = 1, k = 10>(of_class)
        rows = Squeeze<axes = [0]>(places)
        boxes = Gather<axis = 1>(all, rows)
    }"""
    return parsed(text, opset, weights, ir=4)


def with_suppression(classes: int = 3, opset: int = 17, largest: int = 10) -> Any:
    """A YOLO head and NonMaxSuppression: for each box that is left its class, score and corners."""
    weights = {
        "w1": drawn(1, 8, 3, 3, 3), "w2": drawn(2, 4 + classes, 8, 1, 1),
        "anchors": np.random.default_rng(3).uniform(4, 28, (1, 64, 2)).astype(np.float32),
        "largest": np.array([largest], np.int64), "overlap": np.array([0.4], np.float32),
        "least": np.array([0.3], np.float32),
    }  # fmt: skip
    text = f"""g (float[1, 3, 32, 32] images) => (float[n, 6] detections) {{
        c1 = Conv<kernel_shape = [3, 3], pads = [1, 1, 1, 1], strides = [4, 4]>(images, w1)
        r1 = Relu(c1)
        c2 = Conv<kernel_shape = [1, 1]>(r1, w2)
        target = Constant<value = int64[3] {{1, {4 + classes}, 64}}>()
        flat = Reshape(c2, target)
        rows = Transpose<perm = [0, 2, 1]>(flat)
        cuts = Constant<value = int64[3] {{2, 2, {classes}}}>()
        middle, size, logits = Split<axis = 2>(rows, cuts)
        near = Add(middle, anchors)
        half = Exp(size)
        six = Constant<value = float {{6.0}}>()
        wide = Mul(half, six)
        low = Sub(near, wide)
        high = Add(near, wide)
        boxes = Concat<axis = 2>(low, high)
        probabilities = Sigmoid(logits)
        scores = Transpose<perm = [0, 2, 1]>(probabilities)
        chosen = NonMaxSuppression(boxes, scores, largest, overlap, least)
        one = Constant<value = int64[1] {{1}}>()
        two = Constant<value = int64[1] {{2}}>()
        three = Constant<value = int64[1] {{3}}>()
        kinds = Slice(chosen, one, two, one)
        which = Slice(chosen, two, three, one)
        kinds_and_boxes = Slice(chosen, one, three, one)
        first = Constant<value = int64 {{0}}>()
        of_image = Gather<axis = 0>(boxes, first)
        scores_of = Gather<axis = 0>(scores, first)
        kept_boxes = GatherND(of_image, which)
        kept_scores = GatherND(scores_of, kinds_and_boxes)
        column = Constant<value = int64[1] {{1}}>()
        score_column = Unsqueeze(kept_scores, column)
        kind_column = Cast<to = 1>(kinds)
        detections = Concat<axis = 1>(kept_boxes, score_column, kind_column)
    }}"""
    return parsed(text, opset, weights)


def with_open_windows(opset: int = 19) -> Any:
    """Windows, borders and samples whose places depend on a size that is known at run time."""
    text = """g (float[batch, 3, height, width] x) => (float[batch, 6, p, q] y) {
        c1 = Conv<kernel_shape = [3, 3], strides = [2, 2], auto_pad = "SAME_UPPER">(x, w1)
        m1 = MaxPool<kernel_shape = [3, 3], strides = [2, 2], ceil_mode = 1>(c1)
        m2 = MaxPool<kernel_shape = [3, 3], strides = [1, 1], dilations = [2, 2],
            pads = [2, 2, 2, 2]>(m1)
        borders = Constant<value = int64[8] {0, 0, 1, 2, 0, 0, 2, 1}>()
        e1 = Pad<mode = "edge">(m2, borders)
        e2 = Pad<mode = "wrap">(e1, borders)
        s1 = Shape<start = 2>(c1)
        s2 = Shape<end = 2>(c1)
        s3 = Concat<axis = 0>(s2, s1)
        r1 = Resize<mode = "cubic", coordinate_transformation_mode = "half_pixel">(e2, , , s3)
        both = Add(r1, c1)
        a1 = AveragePool<kernel_shape = [2, 2], strides = [2, 2], auto_pad = "SAME_LOWER",
            count_include_pad = 1>(both)
        y = AveragePool<kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1],
            ceil_mode = 1>(a1)
    }"""
    return parsed(text, opset, {"w1": drawn(1, 6, 3, 3, 3)})
