"""Kernels with two strides, and with one stride and a slice: what they compute, by NumPy.

`python -m tests.optimising.convolutions.strided_cases` runs all of them in TensorFlow and prints
the largest difference from NumPy: with oneDNN or without, as TF_ENABLE_ONEDNN_OPTS says.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import tensorflow as tf

from sigfix.optimising.convolutions import strided_kernels
from sigfix.optimising.graph.graph import Graph
from tests.optimising.graphs import frozen, noise, run


@dataclass(frozen=True)
class Case:
    """A depthwise convolution of an image [2, *size, 3]; `explicit` are rows, then columns."""

    strides: tuple[int, int]
    padding: str = "SAME"
    kernel: tuple[int, int] = (3, 3)
    size: tuple[int, int] = (9, 12)
    dilations: tuple[int, int] = (1, 1)
    explicit: tuple[int, int, int, int] = (1, 0, 2, 1)

    @property
    def image(self) -> np.ndarray:
        return noise(2, *self.size, 3)

    @property
    def weights(self) -> np.ndarray:
        return noise(*self.kernel, 3, 2, seed=1)

    def pads(self) -> list[tuple[int, int]]:
        if self.padding == "EXPLICIT":
            return [self.explicit[:2], self.explicit[2:]]
        if self.padding == "VALID":
            return [(0, 0), (0, 0)]
        result = []
        for size, kernel, stride, dilation in zip(
            self.size, self.kernel, self.strides, self.dilations, strict=True
        ):
            total = (-(-size // stride) - 1) * stride + (kernel - 1) * dilation + 1 - size
            result.append((max(total, 0) // 2, max(total, 0) - max(total, 0) // 2))
        return result

    def expected(self) -> np.ndarray:
        """By the definition, in float64."""
        x = np.pad(self.image.astype(np.float64), [(0, 0), *self.pads(), (0, 0)])
        (down, across), (rows, columns) = self.dilations, self.kernel
        counts = [
            (x.shape[1 + i] - (self.kernel[i] - 1) * self.dilations[i] - 1) // self.strides[i] + 1
            for i in (0, 1)
        ]
        result = np.zeros((2, *counts, 3, 2))
        for i, j, k, m in np.ndindex(*counts, rows, columns):
            place = x[:, i * self.strides[0] + k * down, j * self.strides[1] + m * across]
            result[:, i, j] += place[..., None] * self.weights[k, m]
        return result.reshape(2, *counts, 6)

    def direct(self, x):
        """One operator, as oneDNN alone computes it."""
        pads = [0, 0, *self.explicit, 0, 0] if self.padding == "EXPLICIT" else []
        return tf.raw_ops.DepthwiseConv2dNative(
            input=x,
            filter=self.weights,
            strides=[1, *self.strides, 1],
            dilations=[1, *self.dilations, 1],
            padding=self.padding,
            explicit_paddings=pads,
        )

    def sliced(self, x):
        """Equal strides, and every n-th row or column of the result."""
        least, most = min(self.strides), max(self.strides)
        stride = least if most % least == 0 else 1
        y = tf.pad(x, [(0, 0), *self.pads(), (0, 0)]) if self.padding != "VALID" else x
        y = tf.nn.depthwise_conv2d(y, self.weights, [1, stride, stride, 1], "VALID")
        steps = [1, *(s // stride for s in self.strides), 1]
        return tf.strided_slice(y, [0] * 4, [0] * 4, steps, begin_mask=15, end_mask=15)


STRIDES = [(2, 1), (1, 2), (3, 1), (2, 3), (4, 2)]
CASES = [
    *(
        Case(strides, padding, kernel, size)
        for strides, padding, kernel, size in product(
            STRIDES, ("SAME", "VALID", "EXPLICIT"), ((3, 3), (2, 1)), ((9, 12), (8, 7))
        )
    ),
    *(Case((1, 1), padding, dilations=(2, 1)) for padding in ("SAME", "VALID", "EXPLICIT")),
    Case((2, 2), "SAME", dilations=(2, 2)),
    Case((2, 1), "SAME", dilations=(1, 2)),
]


def graph_of(case: Case, build, is_open: bool = False) -> Graph:
    return frozen(build, None, *((None, None) if is_open else case.size), 3)


def difference(case: Case, graph: Graph) -> float:
    expected, found = case.expected(), run(graph, case.image)
    assert found.shape == expected.shape, case
    return float(np.abs(found - expected).max() / np.ptp(expected))


def main() -> None:
    worst = 0.0
    for case in CASES:
        for is_open in (False, True):
            worst = max(worst, difference(case, graph_of(case, case.direct, is_open)))
            if case.dilations == (1, 1):
                graph = graph_of(case, case.sliced, is_open)
                worst = max(worst, difference(case, graph))
                strided_kernels.merge_strides(graph)
                worst = max(worst, difference(case, graph))
    print(f"largest difference {worst:.1e} of {len(CASES)} cases")


if __name__ == "__main__":
    main()
