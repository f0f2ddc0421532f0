"""Recurrent models as people build them with Keras, a builder a row.

Each builder takes the keras module, `tf_keras` or Keras 3, and returns a built model with random
weights. Lengths are static unless the name says that they are open. `STATEFUL` are those that keep
a state between two calls.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

STEPS, FEATURES, UNITS = 7, 3, 6

Builder = Callable[[ModuleType], Any]


def _sequential(*layers: Callable[[Any], Any], length: int | None = STEPS) -> Builder:
    """Layers over a sequence of `FEATURES` numbers a step, and a dense layer behind."""

    def build(keras: ModuleType) -> Any:
        keras.utils.set_random_seed(1)
        source = keras.Input((length, FEATURES), name="x")
        made = [layer(keras.layers) for layer in layers]
        return keras.Sequential([source, *made, keras.layers.Dense(2, name="y")])

    return build


def _ids(layer: Callable[[Any], Any], length: int | None = STEPS) -> Builder:
    """A layer over the embedding of token ids, of which 0 is masked."""

    def build(keras: ModuleType) -> Any:
        keras.utils.set_random_seed(2)
        source = keras.Input((length,), dtype="int32", name="ids")
        embedded = keras.layers.Embedding(30, 4, mask_zero=True)(source)
        result = keras.layers.Dense(2, name="y")(layer(keras.layers)(embedded))
        return keras.Model(source, result)

    return build


def _images(layer: str, size: tuple[int, ...], **options: Any) -> Builder:
    """A convolutional recurrent layer over five frames."""

    def build(keras: ModuleType) -> Any:
        keras.utils.set_random_seed(3)
        source = keras.Input((5, *size, 2), name="frames")
        made = getattr(keras.layers, layer)(3, 3, padding="same", **options)
        return keras.Model(source, made(source))

    return build


def _states(layer: str) -> Builder:
    """The sequence and the last states, each an output."""

    def build(keras: ModuleType) -> Any:
        keras.utils.set_random_seed(4)
        source = keras.Input((STEPS, FEATURES), name="x")
        made = getattr(keras.layers, layer)(UNITS, return_sequences=True, return_state=True)
        return keras.Model(source, list(made(source)))

    return build


def _given_state(keras: ModuleType) -> Any:
    keras.utils.set_random_seed(5)
    source = keras.Input((STEPS, FEATURES), name="x")
    h, c = keras.Input((UNITS,), name="h"), keras.Input((UNITS,), name="c")
    layer = keras.layers.LSTM(UNITS, return_state=True)
    return keras.Model([source, h, c], layer(source, initial_state=[h, c]))


def _encoder_decoder(keras: ModuleType) -> Any:
    keras.utils.set_random_seed(6)
    layers = keras.layers
    source = keras.Input((STEPS, FEATURES), name="source")
    target = keras.Input((5, FEATURES), name="target")
    _, h, c = layers.LSTM(UNITS, return_state=True)(source)
    decoded = layers.LSTM(UNITS, return_sequences=True)(target, initial_state=[h, c])
    return keras.Model([source, target], layers.Dense(4, activation="softmax")(decoded))


def _autoencoder(keras: ModuleType) -> Any:
    keras.utils.set_random_seed(7)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((STEPS, FEATURES), name="x"),
            layers.LSTM(UNITS),
            layers.RepeatVector(4),
            layers.GRU(UNITS, return_sequences=True),
            layers.TimeDistributed(layers.Dense(2)),
        ]
    )


def _shared(keras: ModuleType) -> Any:
    """One layer for two inputs, as of a Siamese network."""
    keras.utils.set_random_seed(8)
    left, right = (keras.Input((STEPS, FEATURES), name=name) for name in ("left", "right"))
    layer = keras.layers.GRU(UNITS)
    return keras.Model([left, right], keras.layers.Subtract()([layer(left), layer(right)]))


def _attention(keras: ModuleType) -> Any:
    keras.utils.set_random_seed(9)
    layers = keras.layers
    source = keras.Input((STEPS, FEATURES), name="x")
    sequence = layers.Bidirectional(layers.LSTM(UNITS, return_sequences=True))(source)
    attended = layers.Attention()([sequence, sequence])
    return keras.Model(source, layers.Dense(2)(layers.GlobalAveragePooling1D()(attended)))


def _convolutional(keras: ModuleType) -> Any:
    keras.utils.set_random_seed(10)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((16, 4), name="x"),
            layers.Conv1D(8, 5, padding="same"),
            layers.BatchNormalization(),
            layers.Bidirectional(layers.GRU(UNITS, return_sequences=True)),
            layers.GlobalMaxPooling1D(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def _two_ways(layer: str, **options: Any) -> Callable[[Any], Any]:
    inner = {name: options.pop(name) for name in ("return_sequences",) if name in options}
    return lambda layers: layers.Bidirectional(getattr(layers, layer)(UNITS, **inner), **options)


def _layer(name: str, *positional: Any, **options: Any) -> Callable[[Any], Any]:
    return lambda layers: getattr(layers, name)(*(positional or (UNITS,)), **options)


def _cells(layers: Any) -> Any:
    return layers.RNN([layers.LSTMCell(UNITS), layers.GRUCell(4), layers.SimpleRNNCell(5)])


ROWS: dict[str, Builder] = {
    **{
        f"{name.lower()}{'' if length else '_open'}": _sequential(_layer(name), length=length)
        for name in ("LSTM", "GRU", "SimpleRNN")
        for length in (STEPS, None)
    },
    **{f"{name.lower()}_states": _states(name) for name in ("LSTM", "GRU", "SimpleRNN")},
    **{
        f"{name.lower()}_two_ways": _sequential(_two_ways(name))
        for name in ("LSTM", "GRU", "SimpleRNN")
    },
    "lstm_sequences": _sequential(_layer("LSTM", return_sequences=True)),
    "lstm_sequences_open": _sequential(_layer("LSTM", return_sequences=True), length=None),
    "lstm_backwards": _sequential(_layer("LSTM", go_backwards=True, return_sequences=True)),
    "gru_backwards": _sequential(_layer("GRU", go_backwards=True)),
    "gru_reset_before": _sequential(_layer("GRU", reset_after=False)),
    "lstm_other_activations": _sequential(
        _layer("LSTM", activation="relu", recurrent_activation="hard_sigmoid", use_bias=False)
    ),
    "lstm_dropout": _sequential(_layer("LSTM", dropout=0.3, recurrent_dropout=0.2)),
    "lstm_unrolled": _sequential(_layer("LSTM", unroll=True)),
    "lstm_stacked": _sequential(_layer("LSTM", return_sequences=True), _layer("LSTM")),
    "gru_stacked_open": _sequential(
        _layer("GRU", return_sequences=True), _layer("GRU"), length=None
    ),
    "two_ways_stacked": _sequential(
        _two_ways("LSTM", return_sequences=True), _two_ways("GRU", merge_mode="sum")
    ),
    "two_ways_open": _sequential(_two_ways("LSTM", return_sequences=True), length=None),
    "cells_stacked": _sequential(_cells),
    "lstm_masking": _sequential(_layer("Masking", 0.0), _layer("LSTM")),
    "gru_masking_sequences": _sequential(
        _layer("Masking", 0.0), _layer("GRU", return_sequences=True)
    ),
    **{f"{name.lower()}_ids": _ids(_layer(name)) for name in ("LSTM", "GRU", "SimpleRNN")},
    "lstm_ids_open": _ids(_layer("LSTM"), length=None),
    "lstm_ids_two_ways": _ids(_two_ways("LSTM")),
    "convlstm1d": _images("ConvLSTM1D", (8,)),
    "convlstm2d": _images("ConvLSTM2D", (6, 8)),
    "convlstm2d_sequences": _images("ConvLSTM2D", (6, 8), return_sequences=True),
    "convlstm2d_strides": _images("ConvLSTM2D", (6, 8), strides=2),
    "lstm_given_state": _given_state,
    "encoder_decoder": _encoder_decoder,
    "autoencoder": _autoencoder,
    "gru_shared": _shared,
    "lstm_attention": _attention,
    "gru_convolutional": _convolutional,
}


def _stateful(name: str) -> Builder:
    def build(keras: ModuleType) -> Any:
        keras.utils.set_random_seed(11)
        source = keras.Input(batch_shape=(1, 1, FEATURES), name="x")
        layer = getattr(keras.layers, name)(UNITS, stateful=True, name="memory")
        return keras.Model(source, keras.layers.Dense(2, name="y")(layer(source)))

    return build


STATEFUL: dict[str, Builder] = {
    f"{name.lower()}_stateful": _stateful(name) for name in ("LSTM", "GRU", "SimpleRNN")
}
