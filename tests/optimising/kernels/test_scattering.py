"""What is scattered into stays what it was: TensorFlow.js's cpu backend writes into it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from sigfix.optimising.kernels.scattering import copy_before_scattering
from tests.exporting.models import floats, save
from tests.optimising.graphs import frozen


def scattered(x):
    """Into a constant, into an input, and into what nothing else reads."""
    place = [[tf.cast(x[0, 0], tf.int32)]]
    own = tf.tensor_scatter_nd_update(tf.exp(x), [[0]], x[:1])
    given = tf.tensor_scatter_nd_update(x, [[0]], own[:1] * 0)
    return tf.tensor_scatter_nd_update(
        tf.zeros((6, 4)), place, x[:1] + tf.reduce_sum(given) + own[:1]
    )


def test_only_what_may_be_read_again_is_copied():
    graph = frozen(scattered, None, 4)
    assert copy_before_scattering(graph) == 2
    assert copy_before_scattering(graph) == 0


@pytest.mark.skipif(not find_spec("tensorflowjs"), reason="tensorflowjs is absent")
@pytest.mark.parametrize("backend", ["cpu", "wasm"])
def test_the_second_call_is_as_right_as_the_first(
    backend: str, tmp_path: Path, node_packages: object
) -> None:
    from sigfix.pipeline.convert import ConvertOptions, convert
    from sigfix.verifying.runners import tfjs

    save(tmp_path / "m", lambda x: {"y": scattered(x)}, floats("x", None, 4))
    fed = [{"x": np.full((2, 4), row, np.float32)} for row in range(6)]
    wrong = {}
    for without in ((), ("scattering",)):
        web = tmp_path / f"web{len(without)}"
        convert(tmp_path / "m", web, ConvertOptions(without=without, verify=False))
        found = tfjs.run(web, fed, ["y"], backend=backend).outputs
        wanted = tf.saved_model.load(str(tmp_path / "m")).signatures["serving_default"]
        expected = [wanted(x=tf.constant(each["x"]))["y"].numpy() for each in fed]
        wrong[without] = sum(
            not np.allclose(one["y"], other, rtol=1e-5)
            for one, other in zip(found, expected, strict=True)
        )
    assert wrong[()] == 0
    assert (wrong[("scattering",)] > 0) == (backend == "cpu")
