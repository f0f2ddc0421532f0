"""How much SAME padding adds to an image, and where TF.js's wasm backend gets that wrong.

TensorFlow's rule: https://www.tensorflow.org/api_docs/python/tf/nn (notes on padding).
"""

from __future__ import annotations

CONVOLUTIONS = frozenset({"Conv2D", "DepthwiseConv2dNative"})


def same_padding(size: int, kernel: int, stride: int, dilation: int = 1) -> int:
    """Rows (or columns) that SAME adds on both sides together.

    Below zero where the last window ends that many rows before the image does: TensorFlow adds
    none then, and TF.js 4.22's wasm backend computes a convolution wrongly.
    """
    reach = (kernel - 1) * dilation + 1
    return (-(-size // stride) - 1) * stride + reach - size
