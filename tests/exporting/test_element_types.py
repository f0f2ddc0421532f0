"""Models of types that TensorFlow.js has no word for: bfloat16, whole numbers of 16 bits."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
import tensorflow as tf

from tests.exporting.models import save

if not find_spec("tensorflowjs"):
    pytest.skip("needs tensorflowjs", allow_module_level=True)


def test_few_digits_and_short_numbers_run_in_tfjs(
    tmp_path: Path, node_packages: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sigfix.errors import SigfixError
    from sigfix.exporting import element_types, tfjs_model
    from sigfix.pipeline.convert import convert

    kernel = tf.cast(tf.random.stateless_normal((4, 3), (1, 2)), tf.bfloat16)
    table = tf.constant([1, 500, 3_000_000_000], tf.uint32)

    def build(x, n):
        product = tf.nn.gelu(tf.cast(x, tf.bfloat16) @ kernel)
        small = tf.cast(tf.cast(n, tf.int32) * 2, tf.uint16)
        return {
            "y": tf.cast(product, tf.float32),
            "few": product,
            "small": small,
            "looked_up": tf.gather(tf.cast(table[:2], tf.int64), tf.cast(n, tf.int32) % 2),
        }

    specs = [
        tf.TensorSpec((None, 4), tf.float32, name="x"),
        tf.TensorSpec((None,), tf.int16, name="n"),
    ]
    save(tmp_path / "m", build, *specs)
    result = convert(tmp_path / "m", tmp_path / "web")
    assert result.comparisons
    assert any("bfloat16" in note for note in result.notes)
    text = (tmp_path / "web" / "model.json").read_text()
    topology = json.dumps(json.loads(text)["modelTopology"])
    assert not any(kind in topology for kind in ("BFLOAT16", "DT_INT16", "UINT16", "UINT32"))
    # Without the pass TensorFlow.js does not know what a Cast's type is.
    monkeypatch.setattr(tfjs_model, "narrow_types", lambda definition: None)
    assert element_types.NARROWER
    with pytest.raises(SigfixError):
        convert(tmp_path / "m", tmp_path / "wrong")
