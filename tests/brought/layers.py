"""Keras models: archives of several endpoints, a SavedModel as a layer, several heads."""

from __future__ import annotations

from pathlib import Path

from tests.saved_models.seeded import tensorflow


def _two_heads():
    import keras

    keras.utils.set_random_seed(1)
    image = keras.Input([8], name="image")
    hidden = keras.layers.Dense(6, activation="relu", name="embedding")(image)
    classes = keras.layers.Dense(3, activation="softmax", name="classes")(hidden)
    box = keras.layers.Dense(4, name="box")(hidden)
    return keras.Model(image, {"classes": classes, "box": box}), keras.Model(image, hidden)


def archive(path: Path) -> None:
    """An export archive of Keras 3 with endpoints of the author's names."""
    tf = tensorflow()
    import keras

    whole, body = _two_heads()
    out = keras.export.ExportArchive()
    out.track(whole)
    spec = [tf.TensorSpec([None, 8], tf.float32, "image")]
    out.add_endpoint("detect", lambda image: whole(image, training=False), spec)
    out.add_endpoint("embed", lambda image: body(image, training=False), spec)
    out.add_endpoint("train_detect", lambda image: whole(image, training=True), spec)
    out.write_out(str(path), verbose=False)


def heads(path: Path) -> None:
    """A model with two heads, exported by Keras 3."""
    tensorflow()
    _two_heads()[0].export(str(path), verbose=False)


def layer_of_a_saved_model(path: Path) -> None:
    """A SavedModel as a layer of a Keras model, saved again."""
    tf = tensorflow()
    import keras

    inner = path.parent / f"{path.name}_inner"
    heads(inner)
    image = keras.Input([8], name="image")
    found = keras.layers.TFSMLayer(str(inner), call_endpoint="serve")(image)
    model = keras.Model(image, keras.layers.Dense(2, name="last")(found["classes"]))
    tf.saved_model.save(model, str(path), signatures={})


def subclassed(path: Path) -> None:
    """A Keras 3 model of the author's class, with a dictionary in and a mask, saved unsigned."""
    tf = tensorflow()
    import keras

    class Ranker(keras.Model):
        def __init__(self):
            super().__init__()
            self.user = keras.layers.Embedding(10, 4)
            self.item = keras.layers.Embedding(10, 4)

        def call(self, inputs, training=False):
            both = self.user(inputs["user_id"]) * self.item(inputs["item_id"])
            return {"score": keras.ops.sum(both, -1)}

    model = Ranker()
    ids = tf.constant([1, 2])
    model({"user_id": ids, "item_id": ids})
    tf.saved_model.save(model, str(path), signatures={})


def keras2_recurrent(path: Path) -> None:
    """A bidirectional LSTM of Keras 2 with masked words, saved without signatures."""
    tf = tensorflow()
    import tf_keras

    model = tf_keras.Sequential([
        tf_keras.layers.Input([None], dtype="int32", name="words"),
        tf_keras.layers.Embedding(20, 6, mask_zero=True),
        tf_keras.layers.Bidirectional(tf_keras.layers.LSTM(4)),
        tf_keras.layers.Dense(1, activation="sigmoid"),
    ])  # fmt: skip
    tf.saved_model.save(model, str(path), signatures={})
