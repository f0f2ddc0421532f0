"""Signatures whose inputs are the parts of a ragged or sparse tensor, as TensorFlow calls them."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.pipeline.convert import convert
from sigfix.pipeline.repair import repair
from sigfix.planning.choices import Choices
from sigfix.planning.signature_parts import signature_parts
from sigfix.reading import read
from tests.environments import needs
from tests.saved_models.seeded import tensorflow


def _saved(path: Path, kind: str) -> Path:
    tf = tensorflow()

    class Bag(tf.Module):
        def __init__(self):
            super().__init__()
            self.table = tf.Variable(tf.random.normal([10, 3]))

        @tf.function
        def ragged(self, words):
            embedded = tf.ragged.map_flat_values(tf.gather, self.table, words)
            return {"pooled": tf.reduce_mean(embedded, 1)}

        @tf.function
        def sparse(self, words):
            return {"pooled": tf.sparse.sparse_dense_matmul(words, self.table)}

    spec = {
        "ragged": tf.RaggedTensorSpec([None, None], tf.int32),
        "sparse": tf.SparseTensorSpec([None, 10], tf.float32),
    }[kind]
    module = Bag()
    called = getattr(module, kind)
    tf.saved_model.save(module, str(path), signatures=called.get_concrete_function(spec))
    return path


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("ragged", {"words": "values", "words_1": "row_splits"}),
        ("sparse", {"words": "indices", "words_1": "values", "words_2": "dense_shape"}),
    ],
)
def test_parts_are_drawn_to_fit_each_other(
    kind: str, parts: dict[str, str], node_packages: Path, tmp_path: Path
) -> None:
    needs("tensorflow")
    path = _saved(tmp_path / "m", kind)
    (graph,) = read(path).meta_graphs
    signature = graph.signature("serving_default")
    assert signature is not None
    found = signature_parts(graph, signature)
    assert {key: part.part for key, part in found.items()} == parts

    renamed = Choices(rename=(("pooled", "mean"),))
    repaired = repair(path, tmp_path / "repaired", renamed)
    assert [item.verdict for item in repaired.parity] == ["same"], repaired.not_verified
    converted = convert(path, tmp_path / "web")
    assert [item.batch for item in converted.comparisons] == [1, 4]
