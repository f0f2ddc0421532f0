"""Every model of `tests/saved_models` and `tests/classes`, and how a person would mend it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.by_hand import hands
from tests.by_hand.hands import Hand

FEATURES = ("float32", [None, 4])
SEVERAL = ("float32", [None])


@dataclass(frozen=True)
class Row:
    """A model, what `sigfix repair` is told, and what it is compared with.

    Without a `hand`, the model is well as it is, and what is copied is compared with it. `words`
    are strings for its inputs. `apart` is how far numbers may differ, in parts of the largest;
    `runs` is false where only the names are compared, `loads` where one loader takes it alone.
    """

    model: str
    hand: Hand | None = None
    options: str = ""
    file: str = ""
    words: tuple[Any, ...] = ("one two", "b", "three")
    fed: Callable[[], Mapping[str, Any]] | None = None
    apart: float = 0.0
    loaders: tuple[str, ...] = ("2", "1")
    runs: bool = True


def _nested(model: Any, batch_a: Any, batch_b: Any, pieces_0: Any, pieces_1: Any, input_0: Any):  # type: ignore[no-untyped-def]
    found = model({"a": batch_a, "b": batch_b}, [pieces_0, pieces_1], input_0, mode="sum")
    low, high = found["pair"]
    first, second = found["list"]
    return {
        "total": found["total"], "pair_low": low, "pair_high": high,
        "list_0": first, "list_1": second,
    }  # fmt: skip


def _turned(model: Any, photo: Any) -> Any:
    import tensorflow as tf

    return {"logits": model(tf.transpose(photo, [0, 3, 1, 2]))["logits"]}


def _scaled(model: Any, pixels: Any) -> Any:
    import tensorflow as tf

    mean, deviation = tf.constant([100.0, 110.0, 120.0]), tf.constant([50.0, 60.0, 70.0])
    scaled = (tf.cast(pixels, tf.float32) - mean) / deviation
    found = model(tf.transpose(scaled, [0, 3, 1, 2]))
    return {**found, "scores": tf.nn.softmax(found["logits"])}


def _for_inference(model: Any, **tensors: Any) -> Any:
    (given,) = tensors.values()
    return {"output_0": model(given, training=False)}


def _in_order(model: Any, x: Any, x1: Any) -> Any:
    return model(x, x1)


def _composite(model: Any, **tensors: Any) -> Any:
    import tensorflow as tf

    words = tf.RaggedTensor.from_row_splits(tensors["words_values"], tensors["words_row_splits"])
    weights = tf.SparseTensor(
        *(tensors[f"weights_{part}"] for part in ("indices", "values", "dense_shape"))
    )
    return model(words, weights)


def _example() -> Mapping[str, Any]:
    import tensorflow as tf

    values = tf.train.Feature(float_list=tf.train.FloatList(value=[0.5, -1.0, 2.0, 0.25]))
    example = tf.train.Example(features=tf.train.Features(feature={"x": values}))
    return {"": [example.SerializeToString()] * 2}


def _lengths() -> Mapping[str, Any]:
    return {
        "words_values": [1, 2, 3], "words_row_splits": [0, 2, 3],
        "weights_indices": [[0, 1], [1, 0]], "weights_values": [0.5, 2.0],
        "weights_dense_shape": [2, 3],
    }  # fmt: skip


def _words() -> Mapping[str, Any]:
    import numpy as np
    import tensorflow as tf

    values = np.array([0.5, 2.0], "float32")
    return {"words": tf.compat.v1.SparseTensorValue([[0, 1], [1, 4]], values, [2, 5])}


ROWS = (
    Row("wrapper", hands.traced("__call__", (None, 4))),
    Row("two_functions", hands.traced("encode", (None,)), "--function encode"),
    Row("two_functions", hands.traced("decode", (None,)), "--function decode"),
    Row("submodule", hands.traced("part.__call__", (None, 2))),
    Row("traces", hands.traced("__call__", (None, 2), training=False)),
    Row("unlike_traces", hands.traced("__call__", (None, 2)),
        "--function __call__ --input 'x=float32[?,2]'"),
    Row("unlike_traces", hands.traced("__call__", (None, 2, 2)),
        "--function __call__ --input 'x=float32[?,2,2]'"),
    Row("nested", hands.wrapped(
        _nested, batch_a=SEVERAL, batch_b=SEVERAL, pieces_0=SEVERAL, pieces_1=SEVERAL,
        input_0=SEVERAL)),
    Row("composite", hands.wrapped(
        _composite, words_values=("int32", [None]), words_row_splits=("int64", [None]),
        weights_indices=("int64", [None, 2]), weights_values=SEVERAL,
        weights_dense_shape=("int64", [2])), fed=_lengths),
    Row("dict_like", hands.traced("__call__", (None, 3)), "--function __call__"),
    Row("image", hands.traced("__call__", (None, 3, 8, 8))),
    Row("detector", hands.traced("__call__", (None, 3, 64, 64))),
    Row("detector_with_sigmoid", hands.traced("__call__", (None, 3, 64, 64))),
    Row("recogniser"),
    Row("recogniser_channels_last"),
    Row("detector_of_onnx_tf"),
    Row("stored_tables", hands.traced("__call__", (None,), dtype="string")),
    Row("text_layer", hands.traced("__call__", (None,), dtype="string")),
    Row("several_signatures", hands.renamed("double"), "--from double"),
    Row("several_signatures", hands.renamed("square"), "--from square"),
    Row("healthy"),
    Row("random", hands.traced("__call__", (None,))),
    Row("stateful", hands.traced("__call__", (None,))),
    Row("reads_files", hands.traced("__call__", (), dtype="string"), words=(__file__,)),
    Row("endless", hands.traced("__call__", (None,)), runs=False),
    Row("tf1", hands.of_graph({"x": "x:0"}, {"logits": "logits:0"})),
    Row("tf1_dropout", hands.of_graph(
        {"x": "x:0"}, {"probabilities": "probabilities:0"}, given={"keep_prob:0": 1.0}),
        "--output probabilities=probabilities:0 --bind keep_prob=1"),
    Row("tf1_dropout", hands.of_graph(
        {"x": "x:0"}, {"class": "class:0"}, given={"keep_prob:0": 1.0}),
        "--output class=class:0 --bind keep_prob=1"),
    Row("tf1_collection", hands.of_graph(
        {"x": "x:0"}, {"logits": "logits:0", "class": "head/class:0"})),
    Row("tf1_unknown_rank", hands.of_graph({"x": "x:0"}, {"doubled": "doubled:0"})),
    Row("tf1_heads", hands.renamed("scores"), "--from scores"),
    Row("tf1_heads", hands.renamed("classes"), "--from classes"),
    Row("tf1_meta_graphs", hands.of_graph({"x": "x:0"}, {"logits": "logits:0"}),
        "--tags serve --only-metagraph"),
    Row("hub", hands.renamed("default", [])),
    Row("same_input_twice", loaders=("1",)),
    Row("frozen", hands.of_frozen("frozen.pb", {"x": "x:0"}, {"y": "y:0"}), file="frozen.pb"),
    Row("estimator", hands.renamed("predict"), "--from predict", fed=_example),
    Row("estimator", hands.renamed("classification"), "--from classification", fed=_example),
    Row("sparse", hands.of_signature("transform"), fed=_words),
    Row("keras2", hands.wrapped(_for_inference, features=FEATURES)),
    Row("keras2_whole"),
    Row("keras3", hands.traced("_default_save_signature", (None, 4))),
    Row("keras_file", hands.of_keras("model.keras"), file="model.keras"),
    Row("keras_file", hands.of_keras("model.h5"), file="model.h5"),
    Row("keras_file", hands.of_keras("two.keras"), file="two.keras"),
    Row("keras_file", hands.of_keras("lambda.keras"), "--trust", file="lambda.keras"),
    Row("keras_file", hands.of_keras_2("keras2.h5"), file="keras2.h5"),
    Row("onnx_file", hands.of_onnx, file="model.onnx", apart=1e-6),
    Row("looked_up"),
    Row("days", words=("Sunday", "Monday", "sunday")),
    Row("tokenised", words=("dog sees cat",)),
    Row("class_names"),
    Row("trains", hands.traced("__call__", (None, 4))),
    Row("own_gradient"),
    Row("computed_once"),
    Row("counts_unread"),
    Row("fake_quantised"),
    Row("parsed", fed=_example),
    Row("learning_phase"),
    Row("one_row", hands.traced("__call__", (1, 8))),
    Row("one_row", hands.each_row(x=("float32", [None, 8])),
        "--input 'x=float32[?,8]'", apart=1e-6),
    Row("one_row_signed"),
    Row("one_row_signed", hands.each_row(x=("float32", [None, 8])),
        "--input 'x=float32[?,8]'", apart=1e-6),
    Row("one_image", hands.traced("__call__", (1, 8, 8, 2))),
    Row("one_image", hands.each_row(x=("float32", [None, 8, 8, 2])),
        "--input 'x=float32[?,8,8,2]'", apart=1e-6),
    Row("one_sentence", hands.wrapped(
        _in_order, x=("float32", [1, 5, 8]), x1=("float32", [1, 6]))),
    Row("one_sentence", hands.each_row(x=("float32", [None, 5, 8]), mask=("float32", [None, 6])),
        "--input 'x=float32[?,5,8]' --input 'mask:x1=float32[?,6]'", apart=1e-6),
    Row("one_row_of_its_own", hands.traced("__call__", (1, 8))),
    Row("one_row_unpacked", hands.traced("__call__", (1, 8))),
    Row("one_row_summed", hands.traced("__call__", (1, 8))),
    Row("one_row_in_a_loop", hands.traced("__call__", (1, 8))),
    Row("one_photo", hands.traced("_default_save_signature", (1, 12, 12, 3))),
    Row("one_passage", hands.traced("_default_save_signature", (1, 6, 8))),
    Row("one_state", hands.wrapped(_for_inference, steps=("float32", [1, 4, 3]))),
    Row("one_row_normalised", hands.traced("__call__", (1, 4, 4, 2))),
    Row("two_meta_graphs"),
    Row("letters", hands.of_signature("serving_default", ["s", "e", "r", "v"])),
    Row("serve_and_train", hands.of_signature("serving_default", ["serve", "train"])),
    Row("forgetful", hands.of_graph(
        {"x": "x:0"}, {"z": "z:0"}, given={"phase_train:0": False}), "--bind phase_train=false"),
    Row("old_producer", hands.of_graph({"x": "x:0"}, {"y": "y:0"})),
    Row("in_text"),
    Row("signed"),
    Row("many_signatures", hands.renamed("s7"), "--from s7"),
    Row("image", hands.wrapped(_turned, photo=("float32", [None, 8, 8, 3])),
        "--rename pixels=photo --layout nhwc --drop-output map"),
    Row("image", hands.wrapped(_scaled, pixels=("uint8", [None, 8, 8, 3])),
        "--input 'pixels=uint8[?,8,8,3]' --layout nhwc:pixels --normalize 100/110/120,50/60/70 "
        "--append 'scores=softmax(logits)'", apart=1e-6),
)  # fmt: skip
UNREPAIRED = {
    "never_called": "no function of it was ever traced",
    "a_shard_less": "a file of weights is missing",
    "other_text": "it is no SavedModel",
    **dict.fromkeys(
        ("functions", "steps", "parts", "-dash"), "no loader takes it: it has no checkpoint"
    ),
    "training": "no loader takes it: what its signature says of a shape is not so",
    "first_generation": "no loader takes it: it was written without all attributes of its nodes",
}
"""Models that have no row, and why; the first three are refused."""
