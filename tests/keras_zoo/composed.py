"""Models of several parts: attention, normalisation, merging, shared and nested layers, types."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any


def normalisations(k: ModuleType) -> Any:
    """Every normalisation, over the last and other axes."""
    x = k.Input((6, 8, 4), name="x")
    h = k.layers.LayerNormalization()(x)
    h = k.layers.LayerNormalization(axis=[1, 2, 3], epsilon=1e-6)(h)
    h = k.layers.BatchNormalization(axis=1)(h)
    h = k.layers.GroupNormalization(groups=2)(h)
    h = k.layers.UnitNormalization()(h)
    return k.Model(x, k.layers.Dense(3, name="y")(k.layers.LayerNormalization(scale=False)(h)))


def attention(k: ModuleType) -> Any:
    """Dot-product and additive attention, with scores scaled."""
    q = k.Input((5, 8), name="q")
    v = k.Input((7, 8), name="v")
    a = k.layers.Attention(use_scale=True)([q, v])
    b = k.layers.AdditiveAttention()([q, v])
    return k.Model([q, v], k.layers.Dense(3, name="y")(k.layers.Concatenate()([a, b])))


def transformer(k: ModuleType) -> Any:
    """A block as in BERT: heads, GELU, layer norms, residuals, ids and positions."""
    ids = k.Input((8,), dtype="int32", name="ids")
    h = k.layers.Embedding(20, 16)(ids)
    h = k.layers.LayerNormalization(epsilon=1e-6)(h)
    h = k.layers.Add()([h, k.layers.MultiHeadAttention(2, 8, dropout=0.1)(h, h)])
    m = k.layers.LayerNormalization()(h)
    m = k.layers.Dense(32, activation="gelu")(m)
    h = k.layers.Add()([h, k.layers.Dense(16)(m)])
    return k.Model(ids, k.layers.Dense(3, activation="softmax", name="y")(h))


def masked_attention(k: ModuleType) -> Any:
    """Ids where 0 is padding, masked in an attention and a mean; causal heads."""
    ids = k.Input((6,), dtype="int32", name="ids")
    h = k.layers.Embedding(20, 8, mask_zero=True)(ids)
    h = k.layers.MultiHeadAttention(2, 4)(h, h, use_causal_mask=True)
    return k.Model(ids, k.layers.GlobalAveragePooling1D(name="y")(h))


def open_transformer(k: ModuleType) -> Any:
    """Heads over a sequence of any length."""
    x = k.Input((None, 8), name="x")
    h = k.layers.MultiHeadAttention(2, 4)(x, x)
    h = k.layers.LayerNormalization()(k.layers.Add()([x, h]))
    return k.Model(x, k.layers.GlobalAveragePooling1D(name="y")(h))


def activations(k: ModuleType) -> Any:
    """Every activation by name, side by side."""
    x = k.Input((6,), name="x")
    names = "relu relu6 elu selu gelu swish mish softplus softsign tanh sigmoid hard_sigmoid"
    names += " exponential linear softmax"
    known = [name for name in names.split() if hasattr(k.activations, name)]
    made = [k.layers.Dense(3, activation=name)(x) for name in known]
    made.append(k.layers.LeakyReLU()(x))
    made.append(k.layers.PReLU(alpha_initializer="ones")(x))
    made.append(k.layers.ELU(alpha=0.7)(x))
    made.append(k.layers.ReLU(max_value=2.0, negative_slope=0.1, threshold=0.5)(x))
    made.append(k.layers.Softmax()(x))
    return k.Model(x, k.layers.Concatenate(name="y")(made))


def merging(k: ModuleType) -> Any:
    """Every layer that makes one of two."""
    a = k.Input((5, 4), name="a")
    b = k.Input((1, 4), name="b")
    kinds = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
    made = [getattr(k.layers, kind)()([a, b]) for kind in kinds]
    dots = k.layers.Dot(axes=(2, 2), normalize=True)([a, b])
    return k.Model([a, b], k.layers.Concatenate(name="y")([*made, dots]))


def several_outputs(k: ModuleType) -> Any:
    """Two heads on one body."""
    x = k.Input((6,), name="x")
    h = k.layers.Dense(8, activation="relu")(x)
    return k.Model(x, [k.layers.Dense(1, name="score")(h), k.layers.Dense(3, name="logits")(h)])


def named_outputs(k: ModuleType) -> Any:
    """Outputs in a dictionary, one of them not of floats."""
    x = k.Input((6,), name="x")
    h = k.layers.Dense(3, name="logits", activation="softmax")(x)
    value = k.layers.Dense(2, name="value")(h)
    return k.Model(inputs={"x": x}, outputs={"probabilities": h, "value": value})


def shared_layers(k: ModuleType) -> Any:
    """One tower for two inputs."""
    a, b = k.Input((4,), name="a"), k.Input((4,), name="b")
    tower = k.Sequential([k.layers.Dense(8, activation="tanh"), k.layers.Dense(3)])
    return k.Model([a, b], k.layers.Dot(axes=1, normalize=True, name="y")([tower(a), tower(b)]))


def nested_models(k: ModuleType) -> Any:
    """A model inside of a model, applied to every frame."""
    i = k.Input((8, 8, 1))
    h = k.layers.Conv2D(4, 3, activation="relu")(i)
    h = k.layers.BatchNormalization()(h)
    frame = k.Model(i, k.layers.Flatten()(h))
    x = k.Input((3, 8, 8, 1), name="x")
    h = k.layers.TimeDistributed(frame)(x)
    h = k.layers.TimeDistributed(k.layers.Dense(4, activation="relu"))(h)
    return k.Model(x, k.layers.Flatten(name="y")(h))


def regularised(k: ModuleType) -> Any:
    """What does nothing outside of training."""
    x = k.Input((4, 6), name="x")
    h = k.layers.SpatialDropout1D(0.2)(x)
    h = k.layers.GaussianDropout(0.2)(h)
    h = k.layers.AlphaDropout(0.1)(h)
    h = k.layers.ActivityRegularization(l2=0.1)(h)
    h = k.layers.Masking(0.0)(h)
    return k.Model(x, k.layers.Dense(2, name="y")(k.layers.Dropout(0.5)(h)))


def subclassed(k: ModuleType) -> Any:
    """A model as a class with a call of its own."""

    class Own(k.Model):  # type: ignore[name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.inner = k.layers.Dense(8, activation="gelu")
            self.norm = k.layers.LayerNormalization()
            self.out = k.layers.Dense(2)

        def call(self, x: Any, training: bool = False) -> Any:
            return self.out(self.norm(self.inner(x)))

    return Own()


def mixed_precision(k: ModuleType) -> Any:
    """Layers that compute in float16 on weights of float32."""
    policy = k.mixed_precision
    make = getattr(policy, "Policy", None) or policy.DTypePolicy
    half = make("mixed_float16")
    x = k.Input((8, 8, 3), name="x")
    h = k.layers.Conv2D(4, 3, activation="relu", dtype=half)(x)
    h = k.layers.BatchNormalization(dtype=half)(h)
    h = k.layers.Flatten(dtype=half)(h)
    return k.Model(x, k.layers.Dense(3, activation="softmax", dtype="float32", name="y")(h))


def half_precision(k: ModuleType) -> Any:
    """float16 from the input to the output."""
    x = k.Input((6,), dtype="float16", name="x")
    h = k.layers.Dense(8, activation="relu", dtype="float16")(x)
    h = k.layers.LayerNormalization(dtype="float16")(h)
    return k.Model(x, k.layers.Dense(3, dtype="float16", name="y")(h))


def double_precision(k: ModuleType) -> Any:
    """float64 from the input to the output."""
    x = k.Input((6,), dtype="float64", name="x")
    h = k.layers.Dense(8, activation="gelu", dtype="float64")(x)
    return k.Model(x, k.layers.Dense(3, dtype="float64", name="y")(h))


ROWS: dict[str, Callable[[ModuleType], Any]] = {
    "normalisations": normalisations,
    "attention": attention,
    "transformer": transformer,
    "masked_attention": masked_attention,
    "open_transformer": open_transformer,
    "activations": activations,
    "merging": merging,
    "several_outputs": several_outputs,
    "named_outputs": named_outputs,
    "shared_layers": shared_layers,
    "nested_models": nested_models,
    "regularised": regularised,
    "subclassed": subclassed,
    "mixed_precision": mixed_precision,
    "half_precision": half_precision,
    "double_precision": double_precision,
}
"""Name -> a function that makes the model with a Keras module (`keras` or `tf_keras`)."""
HALVES = ("mixed_precision", "half_precision")
"""Models that compute with float16."""
SUBCLASSED = {"subclassed": {"x": (None, 6)}}
"""Models that have no input layers -> the shapes that they are called with."""
