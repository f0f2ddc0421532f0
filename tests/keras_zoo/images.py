"""Models whose layers are for images, volumes and signals: convolutions, pools, resizing."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any


def convolutions(k: ModuleType) -> Any:
    """Strided, dilated, grouped, with every padding; batch norm and activation behind."""
    x = k.Input((20, 20, 8), name="x")
    h = k.layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x)
    h = k.layers.BatchNormalization()(h)
    h = k.layers.ReLU(max_value=6.0)(h)
    h = k.layers.Conv2D(8, 3, dilation_rate=2, padding="same", activation="relu")(h)
    return k.Model(x, k.layers.Conv2D(4, (1, 3), activation="tanh", name="y")(h))


def grouped_convolution(k: ModuleType) -> Any:
    """A convolution in groups."""
    x = k.Input((12, 12, 8), name="x")
    h = k.layers.Conv2D(16, 3, groups=4, padding="same", activation="relu")(x)
    return k.Model(x, k.layers.Conv2D(4, 1, groups=2, name="y")(h))


def grouped_sequence(k: ModuleType) -> Any:
    """A convolution along time, in groups."""
    x = k.Input((15, 6), name="x")
    return k.Model(x, k.layers.Conv1D(9, 3, groups=3, padding="same", name="y")(x))


def depthwise(k: ModuleType) -> Any:
    """Depthwise and separable convolutions, with strides and dilations."""
    x = k.Input((16, 16, 6), name="x")
    h = k.layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", activation="relu")(x)
    h = k.layers.DepthwiseConv2D(3, strides=2, padding="valid")(h)
    h = k.layers.DepthwiseConv2D(3, dilation_rate=2, padding="same")(h)
    return k.Model(x, k.layers.SeparableConv2D(5, 3, padding="same", name="y")(h))


def one_dimension(k: ModuleType) -> Any:
    """Convolutions along time: causal and dilated, separable, depthwise."""
    x = k.Input((24, 4), name="x")
    h = k.layers.Conv1D(8, 3, dilation_rate=2, padding="causal", activation="relu")(x)
    h = k.layers.SeparableConv1D(8, 3, padding="same")(h)
    h = k.layers.DepthwiseConv1D(3, strides=2, padding="same")(h)
    return k.Model(x, k.layers.Conv1D(3, 5, strides=2, name="y")(h))


def open_sequence(k: ModuleType) -> Any:
    """A causal convolution over a sequence of any length."""
    x = k.Input((None, 4), name="x")
    h = k.layers.Conv1D(8, 3, dilation_rate=4, padding="causal", activation="elu")(x)
    return k.Model(x, k.layers.GlobalMaxPooling1D(name="y")(h))


def three_dimensions(k: ModuleType) -> Any:
    """Convolution and pools of volumes."""
    x = k.Input((8, 8, 8, 2), name="x")
    h = k.layers.Conv3D(4, 3, padding="same", activation="relu")(x)
    h = k.layers.MaxPooling3D(2)(h)
    h = k.layers.AveragePooling3D(2)(h)
    return k.Model(x, k.layers.GlobalAveragePooling3D(name="y")(h))


def volumes_of_odd_layers(k: ModuleType) -> Any:
    """Volumes enlarged, padded, cropped; the largest of all."""
    x = k.Input((4, 5, 6, 2), name="x")
    h = k.layers.UpSampling3D(2)(x)
    h = k.layers.ZeroPadding3D((1, 0, 2))(h)
    h = k.layers.Cropping3D(((1, 0), (2, 1), (0, 3)))(h)
    h = k.layers.Conv3D(3, 2, strides=2)(h)
    return k.Model(x, k.layers.GlobalMaxPooling3D(name="y")(h))


def transposed_convolutions(k: ModuleType) -> Any:
    """Transposed convolutions of images."""
    x = k.Input((6, 6, 4), name="x")
    h = k.layers.Conv2DTranspose(8, 3, strides=2, padding="same", activation="relu")(x)
    h = k.layers.Conv2DTranspose(4, 2, strides=2, padding="valid")(h)
    return k.Model(x, k.layers.Conv2DTranspose(2, 4, strides=2, padding="same", name="y")(h))


def transposed_signals(k: ModuleType) -> Any:
    """Transposed convolutions along time."""
    x = k.Input((9, 4), name="x")
    h = k.layers.Conv1DTranspose(6, 4, strides=2, padding="same", activation="relu")(x)
    return k.Model(x, k.layers.Conv1DTranspose(2, 3, name="y")(h))


def transposed_volumes(k: ModuleType) -> Any:
    """Transposed convolutions of volumes."""
    x = k.Input((4, 4, 4, 2), name="x")
    return k.Model(x, k.layers.Conv3DTranspose(3, 3, strides=2, padding="same", name="y")(x))


def pools(k: ModuleType) -> Any:
    """Every pool of images and signals, with overlaps, odd sizes and both paddings."""
    x = k.Input((17, 19, 4), name="x")
    a = k.layers.MaxPooling2D(3, strides=2, padding="same")(x)
    a = k.layers.AveragePooling2D((2, 3), padding="same")(a)
    b = k.layers.GlobalMaxPooling2D(keepdims=True)(x)
    c = k.layers.GlobalAveragePooling2D()(a)
    d = k.layers.Reshape((17, 76))(x)
    d = k.layers.MaxPooling1D(3, strides=2, padding="same")(d)
    d = k.layers.GlobalAveragePooling1D()(k.layers.AveragePooling1D(2)(d))
    joined = k.layers.Concatenate()([k.layers.Flatten()(b), c, d])
    return k.Model(x, k.layers.Dense(3, name="y")(joined))


def adaptive_sizes(k: ModuleType) -> Any:
    """Enlarged in both ways, cropped and padded."""
    x = k.Input((7, 9, 3), name="x")
    h = k.layers.UpSampling2D((2, 3))(x)
    h = k.layers.UpSampling2D(2, interpolation="bilinear")(h)
    h = k.layers.Cropping2D(((1, 2), (3, 0)))(h)
    h = k.layers.ZeroPadding2D(((0, 1), (2, 0)))(h)
    return k.Model(x, k.layers.Conv2D(3, 3, strides=2, name="y")(h))


def signal_sizes(k: ModuleType) -> Any:
    """Signals enlarged, cropped, padded, repeated, turned."""
    x = k.Input((9, 4), name="x")
    h = k.layers.UpSampling1D(3)(x)
    h = k.layers.Cropping1D((2, 1))(h)
    h = k.layers.ZeroPadding1D((1, 3))(h)
    h = k.layers.Permute((2, 1))(h)
    h = k.layers.Dense(5, activation="relu")(h)
    h = k.layers.RepeatVector(3)(k.layers.Flatten()(h))
    return k.Model(x, k.layers.Reshape((5, -1), name="y")(h))


def open_image(k: ModuleType) -> Any:
    """A network over images of any size."""
    x = k.Input((None, None, 3), name="x")
    h = k.layers.Rescaling(1 / 127.5, offset=-1.0)(x)
    h = k.layers.Conv2D(8, 3, strides=2, padding="same", activation="swish")(h)
    h = k.layers.SeparableConv2D(8, 3, padding="same", activation="relu6")(h)
    h = k.layers.UpSampling2D(2)(h)
    return k.Model(x, k.layers.Conv2D(2, 1, activation="sigmoid", name="y")(h))


def squeeze_and_excite(k: ModuleType) -> Any:
    """What mobile networks are made of: hard sigmoid, products of channels, residuals."""
    x = k.Input((16, 16, 3), name="x")
    h = k.layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x)
    h = k.layers.BatchNormalization()(h)
    h = k.layers.Activation("swish")(h)
    s = k.layers.GlobalAveragePooling2D(keepdims=True)(h)
    s = k.layers.Conv2D(4, 1, activation="relu")(s)
    s = k.layers.Conv2D(8, 1, activation="hard_sigmoid")(s)
    h = k.layers.Add()([k.layers.Multiply()([h, s]), h])
    h = k.layers.SpatialDropout2D(0.2)(h)
    h = k.layers.GlobalAveragePooling2D()(h)
    return k.Model(x, k.layers.Dense(5, activation="softmax", name="y")(h))


ROWS: dict[str, Callable[[ModuleType], Any]] = {
    "convolutions": convolutions,
    "grouped_convolution": grouped_convolution,
    "grouped_sequence": grouped_sequence,
    "depthwise": depthwise,
    "one_dimension": one_dimension,
    "open_sequence": open_sequence,
    "three_dimensions": three_dimensions,
    "volumes_of_odd_layers": volumes_of_odd_layers,
    "transposed_convolutions": transposed_convolutions,
    "transposed_signals": transposed_signals,
    "transposed_volumes": transposed_volumes,
    "pools": pools,
    "adaptive_sizes": adaptive_sizes,
    "signal_sizes": signal_sizes,
    "open_image": open_image,
    "squeeze_and_excite": squeeze_and_excite,
}
"""Name -> a function that makes the model with a Keras module (`keras` or `tf_keras`)."""
