"""Weight files, byte for byte as the package tensorflowjs writes them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

if find_spec("tensorflowjs") is None:
    pytest.skip("needs tensorflowjs", allow_module_level=True)

from sigfix.errors import ConversionError
from sigfix.exporting import weight_files
from sigfix.exporting.tensorflowjs_parts import operator_lists

os.environ.setdefault("TFDF_DISABLE_WELCOME_MESSAGE", "1")  # it fails where output is captured

RANDOM = np.random.default_rng(0)


def normal(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape).astype(np.float32)


WEIGHTS = {
    "kernel": normal(3, 3, 8, 16),
    "across two shards": normal(1100, 1000),
    "scalar": np.array(0.5, np.float32),
    "empty": np.zeros((0, 4), np.float32),
    "one number": np.full((20, 20), 0.25, np.float32),
    "far from zero": np.abs(normal(20, 20)) + 3,
    "transposed": normal(5, 7).T,
    "integers": np.array([[1, -(2**31)]], np.int32),
    "long": np.array([1, -7], np.int64),
    "double": RANDOM.standard_normal((4, 4)),
    "half": normal(4, 4).astype(np.float16),
    "complex": (normal(3) + 1j * normal(3)).astype(np.complex64),
    "double complex": RANDOM.standard_normal(3) + 1j,
    "bytes": np.arange(7, dtype=np.uint8),
    "words": np.arange(7, dtype=np.uint16),
    "flags": np.array([True, False]),
    "strings": np.array([[b"", b"\xc3\xa9t\xc3\xa9"], [b"a\x00b", b"ab"]], object),
    "last": normal(2, 2),
}
QUANTISED = {
    "kernel": "uint8", "across two shards": "uint16", "one number": "uint8", "last": "float16",
    "far from zero": "uint8", "transposed": "uint16", "integers": "uint8",
}  # fmt: skip


def _files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize("quantised", [{}, QUANTISED], ids=["plain", "quantised"])
def test_the_files_and_the_manifest_are_those_of_tensorflowjs(tmp_path, quantised) -> None:
    from tensorflowjs import write_weights

    own, reference = tmp_path / "own", tmp_path / "reference"
    own.mkdir()
    reference.mkdir()
    manifest = weight_files.write_weights(WEIGHTS.items(), own, quantised)
    expected = write_weights.write_weights(
        [[{"name": name, "data": data} for name, data in WEIGHTS.items()]],
        str(reference),
        write_manifest=False,
        quantization_dtype_map={
            kind: [name for name, own in quantised.items() if own == kind]
            for kind in set(quantised.values())
        },
    )
    assert len(_files(reference)) == (2 if not quantised else 1)
    assert json.dumps(manifest) == json.dumps(expected)
    assert _files(own) == _files(reference)


def test_what_is_written_is_read_back(tmp_path) -> None:
    manifest = weight_files.write_weights(WEIGHTS.items(), tmp_path, {})
    (tmp_path / "model.json").write_text(json.dumps({"weightsManifest": manifest}))
    stored = weight_files.stored_weights(tmp_path)
    assert list(stored) == list(WEIGHTS)
    for name, data in WEIGHTS.items():
        np.testing.assert_array_equal(stored[name], weight_files.narrowed(data), name)


def test_no_weights_are_no_files(tmp_path) -> None:
    assert weight_files.write_weights([], tmp_path, {}) == [{"paths": [], "weights": []}]
    assert not _files(tmp_path)


@pytest.mark.parametrize("name", ["float8_e5m2", "int4"])
def test_a_type_that_tfjs_lacks_is_named(tmp_path, name) -> None:
    kind = getattr(pytest.importorskip("ml_dtypes"), name)
    with pytest.raises(ConversionError, match=f"constant small, which is {name}"):
        weight_files.write_weights([("small", np.ones(2, kind))], tmp_path, {})


@pytest.mark.parametrize("kind", [np.int8, np.uint32, np.int16, np.uint64])
def test_whole_numbers_of_other_sizes_are_int32(tmp_path, kind) -> None:
    (manifest,) = weight_files.write_weights([("small", np.arange(2, dtype=kind))], tmp_path, {})
    assert manifest["weights"][0]["dtype"] == "int32"
    assert (tmp_path / manifest["paths"][0]).read_bytes() == np.int32([0, 1]).tobytes()


def test_constants_of_functions_are_named_as_tensorflowjs_names_them() -> None:
    import tensorflow as tf
    from tensorflow.python.framework import tensor_util
    from tensorflowjs.converters.tf_saved_model_conversion_v2 import extract_weights

    from sigfix.exporting import tfjs_model

    @tf.function(input_signature=[tf.TensorSpec([3], tf.float32)])
    def inner(x):
        return x * tf.constant([1.0, 2.0, 3.0]) + tf.constant(4.0)

    @tf.function(input_signature=[tf.TensorSpec([3], tf.float32)])
    def outer(x):
        return inner(x)

    own, expected = (outer.get_concrete_function().graph.as_graph_def() for _ in range(2))
    found = tfjs_model._of_functions(own)
    (weights,) = extract_weights(expected)
    assert weights
    assert list(found) == [weight["name"] for weight in weights]
    for node, weight in zip(found.values(), weights, strict=True):
        value = tensor_util.MakeNdarray(node.attr["value"].tensor)
        np.testing.assert_array_equal(value, weight["data"])
    ours, theirs = (g.library.function[0] for g in (own, expected))
    assert [(n.name, list(n.input)) for n in ours.node_def] == [
        (n.name, list(n.input)) for n in theirs.node_def
    ]


def test_an_operator_list_is_the_packages_own() -> None:
    from tensorflowjs import resource_loader

    names = {item["tfOpName"] for item in operator_lists()}
    assert {"_FusedConv2D", "MatMul", "HashTableV2"} <= names
    files = [name for name in resource_loader.list_dir("op_list") if name.endswith(".json")]
    count = 0
    for name in files:
        with resource_loader.open_file(f"op_list/{name}") as file:
            count += len(json.load(file))
    assert len(operator_lists()) == count


def test_the_package_stays_whole_for_who_imports_it() -> None:
    code = """
import sys
from sigfix.exporting.tensorflowjs_parts import operator_lists, part
assert part("quantization").quantize_weights and part("version").version and operator_lists()
assert not [name for name in sys.modules if name.split(".")[0] == "tensorflowjs"]
absent = ("tensorflow_hub", "tensorflow_decision_forests", "jax")
assert not any(name in sys.modules for name in absent)
import tensorflowjs
assert tensorflowjs.converters.convert and tensorflowjs.quantization
part.cache_clear()
assert part("quantization") is tensorflowjs.quantization
"""
    subprocess.run([sys.executable, "-c", code], check=True)
