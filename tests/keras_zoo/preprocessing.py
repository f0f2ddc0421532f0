"""Models with preprocessing inside: strings, categories, images as they come from a file."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np


def normalised_numbers(k: ModuleType) -> Any:
    """Normalization and Discretization of a table's columns."""
    x = k.Input((2,), name="x")
    n = k.layers.Normalization(mean=[1.0, 2.0], variance=[4.0, 9.0])(x)
    d = k.layers.Discretization(bin_boundaries=[-1.0, 0.0, 1.5])(x)
    d = k.layers.CategoryEncoding(num_tokens=4, output_mode="multi_hot")(d)
    return k.Model(x, k.layers.Dense(2, name="y")(k.layers.Concatenate()([n, d])))


def categories(k: ModuleType) -> Any:
    """Whole numbers as one-hot vectors, counts and embeddings."""
    ids = k.Input((3,), dtype="int32", name="ids")
    one = k.layers.CategoryEncoding(num_tokens=10, output_mode="multi_hot")(ids)
    e = k.layers.Flatten()(k.layers.Embedding(10, 4)(ids))
    return k.Model(ids, k.layers.Dense(2, name="y")(k.layers.Concatenate()([one, e])))


def integer_lookup(k: ModuleType) -> Any:
    """Whole numbers looked up in a vocabulary."""
    ids = k.Input((3,), dtype="int64", name="ids")
    found = k.layers.IntegerLookup(vocabulary=[1, 4, 7], output_mode="int")(ids)
    return k.Model(ids, k.layers.Flatten(name="y")(k.layers.Embedding(5, 3)(found)))


def string_lookup(k: ModuleType) -> Any:
    """Categories as strings, one-hot, beside numbers."""
    text = k.Input((1,), dtype="string", name="text")
    number = k.Input((2,), name="number")
    found = k.layers.StringLookup(vocabulary=["a", "b", "42"], output_mode="one_hot")(text)
    joined = k.layers.Concatenate()([found, k.layers.Normalization(mean=1.0, variance=4.0)(number)])
    return k.Model([text, number], k.layers.Dense(1, activation="sigmoid", name="y")(joined))


def string_indices(k: ModuleType) -> Any:
    """Categories as strings, embedded."""
    text = k.Input((2,), dtype="string", name="text")
    found = k.layers.StringLookup(vocabulary=["a", "b", "42"])(text)
    return k.Model(text, k.layers.Flatten(name="y")(k.layers.Embedding(4, 3)(found)))


def hashed_strings(k: ModuleType) -> Any:
    """Strings hashed into bins: TensorFlow.js has no such operator."""
    text = k.Input((2,), dtype="string", name="text")
    found = k.layers.Hashing(num_bins=7)(text)
    return k.Model(text, k.layers.Flatten(name="y")(k.layers.Embedding(7, 3)(found)))


def text_vectorization(k: ModuleType) -> Any:
    """Sentences split into words and looked up: TensorFlow.js cannot split strings."""
    layer = k.layers.TextVectorization(max_tokens=30, output_sequence_length=6)
    layer.adapt(["the quick brown fox", "jumps over the lazy dog"])
    text = k.Input((1,), dtype="string", name="text")
    h = k.layers.GlobalAveragePooling1D()(k.layers.Embedding(30, 4)(layer(text)))
    return k.Model(text, k.layers.Dense(1, activation="sigmoid", name="y")(h))


def augmented_images(k: ModuleType) -> Any:
    """Resized, rescaled and, in training only, turned and shifted."""
    x = k.Input((None, None, 3), name="x")
    h = k.layers.Resizing(16, 16)(x)
    h = k.layers.Rescaling(1 / 255)(h)
    for layer in (
        k.layers.RandomFlip("horizontal"),
        k.layers.RandomRotation(0.1),
        k.layers.RandomZoom(0.1),
        k.layers.RandomTranslation(0.1, 0.1),
        k.layers.RandomContrast(0.2),
        k.layers.RandomBrightness(0.2, value_range=(0, 1)),
        k.layers.GaussianNoise(0.1),
    ):
        h = layer(h)
    h = k.layers.Conv2D(4, 3, strides=2, activation="relu")(h)
    return k.Model(x, k.layers.Dense(3, name="y")(k.layers.GlobalAveragePooling2D()(h)))


def cropped_images(k: ModuleType) -> Any:
    """The middle of a picture, normalised by channel."""
    x = k.Input((20, 24, 3), name="x")
    h = k.layers.CenterCrop(14, 16)(x)
    h = k.layers.Normalization(mean=[0.4, 0.5, 0.6], variance=[0.04, 0.05, 0.06])(h)
    h = k.layers.Resizing(12, 12, interpolation="nearest")(h)
    return k.Model(x, k.layers.Conv2D(2, 3, name="y")(h))


def eight_bit_images(k: ModuleType) -> Any:
    """Pictures as uint8."""
    x = k.Input((16, 16, 3), dtype="uint8", name="x")
    h = k.layers.Rescaling(1 / 255)(x)
    h = k.layers.Conv2D(4, 3, strides=2, activation="relu")(h)
    return k.Model(x, k.layers.Flatten(name="y")(k.layers.MaxPooling2D(2)(h)))


def flags(k: ModuleType) -> Any:
    """Truth values beside numbers."""
    flag = k.Input((4,), dtype="bool", name="flag")
    number = k.Input((4,), name="number")

    h = k.layers.Concatenate()([k.layers.Rescaling(1.0)(flag), number])
    return k.Model([flag, number], k.layers.Dense(2, name="y")(h))


def crossed_features(k: ModuleType) -> Any:
    """Numbers in bins, counted."""
    x = k.Input((4,), name="x")
    boundaries = list(np.linspace(-1, 1, 5))
    d = k.layers.Discretization(bin_boundaries=boundaries)(x)
    e = k.layers.Embedding(6, 3)(d)
    return k.Model(x, k.layers.Dense(2, name="y")(k.layers.GlobalAveragePooling1D()(e)))


ROWS: dict[str, Callable[[ModuleType], Any]] = {
    "normalised_numbers": normalised_numbers,
    "categories": categories,
    "integer_lookup": integer_lookup,
    "string_lookup": string_lookup,
    "string_indices": string_indices,
    "hashed_strings": hashed_strings,
    "text_vectorization": text_vectorization,
    "augmented_images": augmented_images,
    "cropped_images": cropped_images,
    "eight_bit_images": eight_bit_images,
    "flags": flags,
    "crossed_features": crossed_features,
}
"""Name -> a function that makes the model with a Keras module (`keras` or `tf_keras`)."""
