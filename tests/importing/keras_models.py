"""Keras models of every usual kind, and Python code planted at every place that can hold some."""

from __future__ import annotations

import base64
import json
import marshal
import runpy
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

FORMATS = ("keras2.h5", "keras2.keras", "keras3.keras", "keras3.h5")


def library(kind: str) -> Any:
    if kind.startswith("keras2"):
        import tf_keras

        return tf_keras
    import keras

    return keras


def save(model: Any, folder: Path, kind: str) -> Path:
    path = folder / f"model.{kind.partition('.')[2]}"
    model.save(path)
    return path


def harmless(k: Any, kind: str) -> Iterator[Any]:
    """Models that are made of Keras' own building blocks alone, as they are usually built."""
    layers = k.layers
    image = k.Input([16, 16, 3], name="image")
    x = layers.Rescaling(1 / 255.0)(image)
    x = layers.Conv2D(4, 3, padding="same", use_bias=False, kernel_regularizer="l2")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    x = layers.SeparableConv2D(4, 3, depthwise_constraint=k.constraints.MaxNorm(2.0))(x)
    x = layers.LeakyReLU()(layers.GlobalAveragePooling2D()(layers.MaxPooling2D()(x)))
    yield k.Model(image, layers.Dense(2, "softmax", kernel_initializer="he_normal")(x))

    words = k.Input([12], dtype="int32", name="words")
    x = layers.Embedding(20, 8, mask_zero=kind != "keras3.h5")(words)  # Keras cannot read its own
    x = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(x)
    x = layers.TimeDistributed(layers.Dense(3, activation="tanh"))(x)
    x = layers.Dropout(0.2)(layers.GRU(4)(x))
    yield k.Model(words, [layers.Dense(1, name="b")(x), layers.Dense(2, name="a")(x)])

    sequence = k.Input([6, 8], name="sequence")
    x = layers.MultiHeadAttention(2, 4)(sequence, sequence)
    x = layers.LayerNormalization()(layers.Add()([x, sequence]))
    inner = k.Sequential([k.Input([6, 8]), layers.Dense(8, activation="gelu")], name="inner")
    yield k.Model(sequence, {"scores": inner(x), "raw": x})

    first = k.Sequential([k.Input([4]), layers.Dense(3, name="d")])
    yield k.Sequential([k.Input([4]), first, layers.Softmax()])

    if kind == "keras3.keras":
        yield k.Model(image, k.ops.reshape(k.ops.mean(image * 2.0 + 1.0, axis=-1), (-1, 256)))
        yield k.Sequential(
            [k.Input([4], dtype="float32"), layers.Dense(3, dtype=k.DTypePolicy("mixed_float16"))]
        )
        yield k.Sequential([k.Input([8, 8, 3]), layers.RandomFlip(), layers.RandomZoom(0.1)])
    if kind.startswith("keras2"):
        import tensorflow as tf

        x = tf.nn.relu(image * 2.0 + 1.0)
        yield k.Model(image, tf.reshape(tf.reduce_mean(x[:, 1:], -1), [-1, 240]))


def code(marker: Path) -> Callable[[Any], Any]:
    """A function that can be told from outside to have run; its source lies in a file."""
    source = marker.with_name("planted_code.py")
    source.write_text(f"run = lambda x: (open({str(marker)!r}, 'w').close(), x * 2.0)[1]\n")
    run: Callable[[Any], Any] = runpy.run_path(str(source))["run"]
    return run


def planted(k: Any, run: Callable[[Any], Any]) -> Iterator[tuple[str, Callable[[], Any]]]:
    """(where, how to build it): code at each place where Keras lets a user put a function."""
    layers = k.layers

    def lambda_layer() -> Any:
        return layers.Lambda(run, name="planted")

    def sequential(*below: Any) -> Any:
        return k.Sequential([k.Input([4]), *below])

    def functional(layer: Any, shape: tuple[int, ...] = (4,)) -> Any:
        inputs = k.Input(shape)
        return k.Model(inputs, layer(inputs))

    yield "the model itself", lambda: sequential(lambda_layer())
    yield "a Sequential in it", lambda: sequential(sequential(lambda_layer()), layers.Dense(2))
    yield "a functional model in it", lambda: functional(functional(lambda_layer()))
    yield "two models down", lambda: sequential(sequential(functional(lambda_layer())))
    yield "TimeDistributed", lambda: functional(layers.TimeDistributed(lambda_layer()), (3, 4))
    yield (
        "a model in TimeDistributed",
        lambda: functional(layers.TimeDistributed(functional(lambda_layer())), (3, 4)),
    )
    yield "an activation", lambda: sequential(layers.Dense(2, activation=PLACE))
    yield "Activation", lambda: sequential(layers.Activation(PLACE))
    yield (
        "the cell of Bidirectional",
        lambda: functional(
            layers.Bidirectional(layers.LSTM(2, recurrent_activation=PLACE)), (3, 4)
        ),
    )
    yield (
        "the activation of a layer in TimeDistributed in a model",
        lambda: functional(
            functional(layers.TimeDistributed(layers.Dense(2, activation=PLACE)), (3, 4)), (3, 4)
        ),
    )


PLACE = "softsign"
"""Stands in a configuration where a dumped function is put by hand: Keras saves few of them."""


def with_function(config: Any, run: Callable[[Any], Any]) -> Any:
    """A configuration with a function, as Keras dumps one, in each place that waits for it."""
    dumped = base64.b64encode(marshal.dumps(run.__code__)).decode()
    value = {"class_name": "__lambda__", "config": {"value": [dumped, None, None]}}
    return json.loads(json.dumps(config).replace(json.dumps(PLACE), json.dumps(value)))


def configuration(path: Path) -> Any:
    """The configuration in a file, as Keras wrote it."""
    if path.suffix == ".h5":
        import h5py

        with h5py.File(path, "r") as file:
            return json.loads(file.attrs["model_config"])
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("config.json"))


def with_configuration(path: Path, config: Any, version: str | None = None) -> None:
    """Put another configuration, and another claim of a version, into a file."""
    if path.suffix == ".h5":
        import h5py

        with h5py.File(path, "r+") as file:
            file.attrs["model_config"] = json.dumps(config)
            if version is not None:
                file.attrs["keras_version"] = version
        return
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["config.json"] = json.dumps(config).encode()
    if version is not None:
        metadata = json.loads(parts["metadata.json"])
        parts["metadata.json"] = json.dumps({**metadata, "keras_version": version}).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def places(config: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a configuration."""
    items: Any = ()
    if isinstance(config, dict):
        items = config.items()
    elif isinstance(config, list):
        items = enumerate(config)
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


def with_value(config: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of a configuration with another value at a path."""
    copy = json.loads(json.dumps(config))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return copy
