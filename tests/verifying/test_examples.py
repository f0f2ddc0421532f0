"""Made-up tf.Examples, parsed back by TensorFlow's own classes."""

from __future__ import annotations

import numpy as np
import pytest

from sigfix.describing.examples import ExampleFeature
from sigfix.verifying.inputs.examples import serialized_example


def test_tensorflow_parses_them() -> None:
    tf = pytest.importorskip("tensorflow")
    features = (
        ExampleFeature("dense", "float32", (2, 3)),
        ExampleFeature("one", "int64", ()),
        ExampleFeature("words" * 30, "string", (2,)),
        ExampleFeature("sparse", "int64", None),
    )
    text = serialized_example(features, np.random.default_rng(1), [b"a", b"bc"])
    parsed = tf.io.parse_single_example(
        text,
        {
            "dense": tf.io.FixedLenFeature([2, 3], tf.float32),
            "one": tf.io.FixedLenFeature([], tf.int64),
            "words" * 30: tf.io.FixedLenFeature([2], tf.string),
            "sparse": tf.io.VarLenFeature(tf.int64),
        },
    )
    assert np.unique(parsed["dense"].numpy()).size == 6
    assert 0 <= int(parsed["one"]) < 4
    assert set(parsed["words" * 30].numpy()) <= {b"a", b"bc"}
    assert parsed["sparse"].values.shape == (1,)
    again = serialized_example(features, np.random.default_rng(1), [b"a", b"bc"])
    assert again == text
