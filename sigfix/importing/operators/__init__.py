"""ONNX operators that sigfix implements itself, over onnx-tf's handlers.

Importing this package registers them. Each family is a module; each operator is a function from
a `Node` and its input tensors to its output tensors, all in ONNX's own layout (NCHW). Kernels
work in NHWC; `layout.py` explains how the transposes between the two disappear.
"""

from sigfix.importing.operators import (
    convolution,
    elementwise,
    linear,
    normalization,
    pooling,
    recurrent,
    refused,
    shape,
)

__all__ = [
    "convolution",
    "elementwise",
    "linear",
    "normalization",
    "pooling",
    "recurrent",
    "refused",
    "shape",
]
