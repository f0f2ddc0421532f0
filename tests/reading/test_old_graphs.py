"""What graphs of old TensorFlow versions mean by what they leave out."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.describing.candidates import input_candidates
from sigfix.errors import UnreadableModelError
from sigfix.model import SavedModel, Shape
from sigfix.pipeline.repair import plan
from sigfix.reading import read
from tests.environments import needs
from tests.models import Dtype, Model

FLOAT = Dtype("float32")


def placeholder(producer: int, **attributes: object) -> Model:
    model = Model(empty=True)
    model.meta.graph_def.versions.producer = producer
    model.node("x", "Placeholder", dtype=FLOAT, **attributes)
    model.node("y", "Relu", ["x"], T=FLOAT)
    return model


def shape_of(model: Model, path: Path) -> Shape:
    found = read(model.write(path))
    assert isinstance(found, SavedModel)
    return input_candidates(found.meta_graphs[0])[0].spec.shape


@pytest.mark.parametrize(
    ("producer", "attributes", "shape"),
    [
        (21, {"shape": ()}, None),
        (22, {"shape": ()}, ()),
        (1882, {"shape": ()}, ()),
        (21, {"shape": (None, 3)}, (None, 3)),
        (21, {"shape": (), "_output_shapes": [(None, 5)]}, (None, 5)),
        (1882, {}, None),
        (1882, {"_output_shapes": [(2, 5)]}, (2, 5)),
    ],
)
def test_shape_of_a_placeholder(
    producer: int, attributes: dict[str, object], shape: Shape, tmp_path: Path
) -> None:
    model = placeholder(producer, **attributes)
    assert shape_of(model, tmp_path / "m") == shape
    edit = plan(tmp_path / "m").edits[0]
    assert edit.inputs[0].shape == shape  # type: ignore[union-attr]


@pytest.mark.slow
@pytest.mark.parametrize("producer", [20, 21, 22, 23, 1882])
def test_tensorflow_takes_it_for_the_same(producer: int, tmp_path: Path) -> None:
    needs("tensorflow")
    import tensorflow as tf

    model = placeholder(producer, shape=())
    graph = tf.compat.v1.GraphDef.FromString(model.meta.graph_def.SerializeToString())
    with tf.Graph().as_default() as imported:
        tf.import_graph_def(graph, name="")
    shape = imported.get_tensor_by_name("x:0").shape
    ours = shape_of(model, tmp_path / "m")
    assert (None if shape.rank is None else tuple(shape)) == ours


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('node { name: "x" op: "Placeholder" }', "GraphDef"),
        ("# comment\nversions < producer: 21 >", "GraphDef"),
        ('meta_info_def { tags: "serve" }', "MetaGraphDef"),
        ("ir_version: 8", "ONNX"),
        ("saved_model_schema_version: 1", "no MetaGraph"),
        ("<html>404</html>", "is a web page"),
        ('{"a": 1}', "no MetaGraph"),
    ],
)
def test_texts_that_are_no_saved_model(text: str, what: str, tmp_path: Path) -> None:
    (tmp_path / "saved_model.pbtxt").write_text(text)
    with pytest.raises(UnreadableModelError) as refused:
        read(tmp_path)
    assert refused.value.code == "CON212"
    assert what in refused.value.message
