"""Keras 2 and Keras 3 models: SavedModels without signatures, and files."""

from __future__ import annotations

from pathlib import Path

from tests.saved_models.seeded import tensorflow


def _keras2_model():
    import tf_keras

    inputs = tf_keras.Input([4], name="features")
    hidden = tf_keras.layers.Dense(5, activation="relu")(inputs)
    outputs = tf_keras.layers.Dense(2, name="head")(tf_keras.layers.Dropout(0.5)(hidden))
    return tf_keras.Model(inputs, outputs)


def keras2(path: Path) -> None:
    """A Keras 2 model in a SavedModel without signatures."""
    tf = tensorflow()
    tf.saved_model.save(_keras2_model(), str(path), signatures={})


def keras2_whole(path: Path) -> None:
    """A Keras 2 model as Keras itself saves it, with its metadata."""
    tensorflow()
    _keras2_model().save(str(path), save_format="tf")


def keras3(path: Path) -> None:
    """A Keras 3 model in a SavedModel without signatures."""
    tf = tensorflow()
    import keras

    model = keras.Sequential([keras.Input([4]), keras.layers.Dense(3, activation="softmax")])
    tf.saved_model.save(model, str(path), signatures={})


def keras_file(path: Path) -> None:
    """`.keras` and `.h5` files."""
    tensorflow()
    import keras
    import tf_keras

    path.mkdir()
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input([4]), keras.layers.Dense(3, activation="softmax")])
    model.save(path / "model.keras")
    model.save(path / "model.h5")
    left, right = keras.Input([2], name="left"), keras.Input([3], name="right")
    joined = keras.layers.Concatenate()([left, right])
    normalised = keras.layers.BatchNormalization()(joined)
    heads = [keras.layers.Dense(size, name=name)(normalised) for name, size in (("b", 2), ("a", 1))]
    keras.Model([right, left], heads).save(path / "two.keras")
    lambda_ = keras.layers.Lambda(lambda x: x * 2.0)
    keras.Sequential([keras.Input([2]), lambda_]).save(path / "lambda.keras")
    old = tf_keras.Sequential([tf_keras.Input([4]), tf_keras.layers.Dense(3)])
    old.save(path / "keras2.h5")
