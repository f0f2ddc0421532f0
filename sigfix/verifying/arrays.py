"""The arrays that go into a model and come out of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

Arrays = dict[str, Array]
"""Arrays by the name of the input or output that they are for."""


def numpy_dtype(name: str) -> np.dtype[Any]:
    """NumPy's dtype for TensorFlow's name of one; strings are `object` arrays of bytes.

    Raises `TypeError` for what no array can hold (`resource`, `variant`).
    """
    if name == "string":
        return np.dtype(object)
    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)
