"""Models as people export them from transformers: BERT, ViT, CLIP, Whisper's encoder, GPT."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

WIDTH, HEADS = 16, 2


def _block(k: ModuleType, h: Any, mask: Any = None, causal: bool = False) -> Any:
    """Layer norm in front of attention and of the dense layers, residuals around both."""
    n = k.layers.LayerNormalization(epsilon=1e-5)(h)
    attend = k.layers.MultiHeadAttention(HEADS, WIDTH // HEADS, dropout=0.1)
    h = k.layers.Add()([h, attend(n, n, attention_mask=mask, use_causal_mask=causal)])
    n = k.layers.LayerNormalization()(h)
    n = k.layers.Dense(4 * WIDTH, activation="gelu")(n)
    return k.layers.Add()([h, k.layers.Dropout(0.1)(k.layers.Dense(WIDTH)(n))])


def _positions(k: ModuleType, h: Any, length: int) -> Any:
    """Something that depends on the place."""
    turned = k.layers.Permute((2, 1))(h)
    moved = k.layers.Dense(length, use_bias=True)(turned)
    return k.layers.Add()([h, k.layers.Permute((2, 1))(moved)])


def bert_like(k: ModuleType) -> Any:
    """Ids, segments and a mask; norms behind; a pooled and a token output."""
    names = ("input_ids", "token_type_ids", "attention_mask")
    ids, kinds, mask = (k.Input((8,), dtype="int32", name=name) for name in names)
    h = k.layers.Add()([k.layers.Embedding(30, WIDTH)(ids), k.layers.Embedding(2, WIDTH)(kinds)])
    h = k.layers.LayerNormalization(epsilon=1e-12)(_positions(k, h, 8))
    seen = k.layers.RepeatVector(8)(mask)
    attend = k.layers.MultiHeadAttention(HEADS, WIDTH // HEADS)
    h = k.layers.LayerNormalization()(k.layers.Add()([h, attend(h, h, attention_mask=seen)]))
    n = k.layers.Dense(WIDTH)(k.layers.Dense(2 * WIDTH, activation="gelu")(h))
    h = k.layers.LayerNormalization()(k.layers.Add()([h, n]))
    first = k.layers.Flatten()(k.layers.Cropping1D((0, 7))(h))
    pooled = k.layers.Dense(WIDTH, activation="tanh", name="pooled")(first)
    return k.Model([ids, kinds, mask], [pooled, k.layers.Dense(3, name="tokens")(h)])


def vit_like(k: ModuleType) -> Any:
    """Patches of a picture, blocks, a mean over all of them."""
    x = k.Input((16, 16, 3), name="pixel_values")
    h = k.layers.Reshape((16, WIDTH))(k.layers.Conv2D(WIDTH, 4, strides=4)(x))
    for _ in range(2):
        h = _block(k, h)
    h = k.layers.GlobalAveragePooling1D()(k.layers.LayerNormalization(epsilon=1e-6)(h))
    return k.Model(x, k.layers.Dense(5, name="logits")(h))


def clip_like(k: ModuleType) -> Any:
    """A tower for pictures and one for texts, and how near they are."""
    x = k.Input((8, 8, 3), name="pixel_values")
    ids = k.Input((6,), dtype="int32", name="input_ids")
    image = k.layers.Reshape((4, WIDTH))(k.layers.Conv2D(WIDTH, 4, strides=4, use_bias=False)(x))
    image = k.layers.GlobalAveragePooling1D()(_block(k, image))
    text = _block(k, k.layers.Embedding(30, WIDTH)(ids), causal=True)
    text = k.layers.GlobalMaxPooling1D()(k.layers.LayerNormalization()(text))
    both = [k.layers.Dense(WIDTH, use_bias=False)(side) for side in (image, text)]
    return k.Model([x, ids], k.layers.Dot(axes=1, normalize=True, name="similarity")(both))


def whisper_like(k: ModuleType) -> Any:
    """Two convolutions along time, the second with stride 2, and blocks."""
    x = k.Input((24, 10), name="input_features")
    h = k.layers.Conv1D(WIDTH, 3, padding="same", activation="gelu")(x)
    h = k.layers.Conv1D(WIDTH, 3, strides=2, padding="same", activation="gelu")(h)
    h = _block(k, _block(k, _positions(k, h, 12)))
    return k.Model(x, k.layers.LayerNormalization(name="last_hidden_state")(h))


def gpt_like(k: ModuleType) -> Any:
    """A decoder over ids of any number, each seeing those before it."""
    ids = k.Input((None,), dtype="int32", name="input_ids")
    h = k.layers.Embedding(30, WIDTH)(ids)
    for _ in range(2):
        h = _block(k, h, causal=True)
    h = k.layers.LayerNormalization(epsilon=1e-5)(h)
    return k.Model(ids, k.layers.Dense(30, use_bias=False, name="logits")(h))


ROWS: dict[str, Callable[[ModuleType], Any]] = {
    "bert_like": bert_like,
    "vit_like": vit_like,
    "clip_like": clip_like,
    "whisper_like": whisper_like,
    "gpt_like": gpt_like,
}
"""Name -> a function that makes the model with a Keras module (`keras` or `tf_keras`)."""
