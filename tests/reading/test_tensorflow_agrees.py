"""TensorFlow's own protobuf classes and checkpoint reader see what sigfix reads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sigfix.model import SavedModel, TensorSpec
from sigfix.reading import read
from tests.corpus import CORPUS, needs_corpus, saved_models

pytestmark = [needs_corpus, pytest.mark.slow]

SCRIPT = """
import json, sys
from pathlib import Path
import tensorflow as tf
from google.protobuf import text_format
from tensorflow.core.protobuf import saved_model_pb2

def shape(proto):
    return None if proto.unknown_rank else [d.size if d.size >= 0 else None for d in proto.dim]

def dtype(number):
    return tf.dtypes.as_dtype(number).name if number else "invalid"

found = {}
for name in sys.argv[2:]:
    folder = Path(sys.argv[1]) / name
    message = saved_model_pb2.SavedModel()
    if (folder / "saved_model.pb").exists():
        message.ParseFromString((folder / "saved_model.pb").read_bytes())
    else:
        text_format.Parse((folder / "saved_model.pbtxt").read_text(), message)
    metas = []
    for meta in message.meta_graphs:
        metas.append({
            "tags": sorted(meta.meta_info_def.tags),
            "nodes": [[n.name, n.op, list(n.input)] for n in meta.graph_def.node],
            "functions": sorted(f.signature.name for f in meta.graph_def.library.function),
            "signatures": {
                key: [
                    {k: [t.name, dtype(t.dtype), shape(t.tensor_shape)] for k, t in side.items()}
                    for side in (signature.inputs, signature.outputs)
                ]
                for key, signature in meta.signature_def.items()
            },
        })
    tensors = {}
    index = folder / "variables" / "variables"
    if index.with_suffix(".index").exists():
        reader = tf.train.load_checkpoint(str(index))
        dtypes = reader.get_variable_to_dtype_map()
        for key, sizes in reader.get_variable_to_shape_map().items():
            tensors[key] = [dtypes[key].name, sizes]
    found[name] = {"metas": metas, "tensors": tensors}
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def by_tensorflow() -> dict[str, Any]:
    """Every model of the corpus, parsed in one process with TensorFlow."""
    pytest.importorskip("tensorflow")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(CORPUS), *saved_models()],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def seen(spec: TensorSpec) -> list[Any]:
    return [spec.name, spec.dtype, None if spec.shape is None else list(spec.shape)]


def described(model: SavedModel) -> list[dict[str, Any]]:
    return [
        {
            "tags": sorted(meta.tags),
            "nodes": [[node.name, node.op, list(node.inputs)] for node in meta.graph.nodes],
            "functions": sorted(function.name for function in meta.graph.functions),
            "signatures": {
                signature.key: [
                    {item.key: seen(item.spec) for item in side}
                    for side in (signature.inputs, signature.outputs)
                ]
                for signature in meta.signatures
            },
        }
        for meta in model.meta_graphs
    ]


@pytest.mark.parametrize("name", saved_models())
def test_same_model(name: str, by_tensorflow: dict[str, Any]) -> None:
    model = read(Path(CORPUS) / name)
    expected = by_tensorflow[name]
    assert described(model) == expected["metas"]
    tensors = {
        item.name: [item.dtype, list(item.shape or ())]
        for item in (model.variables.tensors if model.variables else ())
    }
    assert tensors == expected["tensors"]
