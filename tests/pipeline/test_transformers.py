"""Transformers of plain TensorFlow, and of PyTorch by way of ONNX: right in TensorFlow.js."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from sigfix.pipeline.convert import convert
from sigfix.verifying.runners import tfjs

pytestmark = pytest.mark.usefixtures("node_packages")
WIDTH, HEADS, LENGTH = 16, 2, 8


def weights(*shape, seed=0):
    return tf.Variable(np.random.default_rng(seed).standard_normal(shape).astype("f") * 0.2)


class Block(tf.Module):
    """Attention by einsum and a feed-forward part with GELU, as model gardens write them."""

    def __init__(self, seed):
        super().__init__()
        self.qkv = weights(3, WIDTH, HEADS, WIDTH // HEADS, seed=seed)
        self.out = weights(HEADS, WIDTH // HEADS, WIDTH, seed=seed + 1)
        self.wide, self.back = weights(WIDTH, 32, seed=seed + 2), weights(32, WIDTH, seed=seed + 3)
        self.bias = weights(32, seed=seed + 4)

    def __call__(self, h, bias, approximate):
        q, k, v = (tf.einsum("bld,dhe->bhle", h, part) for part in tf.unstack(self.qkv))
        scores = tf.einsum("bhqe,bhke->bhqk", q, k) / 8**0.5 + bias
        mixed = tf.einsum("bhqk,bhke->bqhe", tf.nn.softmax(scores), v)
        h = norm(h + tf.einsum("bqhe,hed->bqd", mixed, self.out))
        wide = tf.nn.gelu(tf.tensordot(h, self.wide, 1) + self.bias, approximate=approximate)
        return norm(h + tf.tensordot(wide, self.back, 1))


def norm(h):
    mean, variance = tf.nn.moments(h, [-1], keepdims=True)
    return tf.nn.batch_normalization(h, mean, variance, None, None, 1e-12)


class Bert(tf.Module):
    def __init__(self):
        super().__init__()
        self.words, self.kinds = weights(50, WIDTH), weights(2, WIDTH, seed=1)
        self.places, self.block = weights(12, WIDTH, seed=2), Block(3)

    def trunk(self, ids, kinds, mask):
        places = tf.gather(self.places, tf.range(tf.shape(ids)[1]))
        h = norm(tf.gather(self.words, ids) + tf.gather(self.kinds, kinds) + places)
        bias = (1.0 - tf.cast(mask, tf.float32)[:, None, None, :]) * -1e9
        return self.block(h, bias, False)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None], tf.int32, name)
            for name in ("input_ids", "token_type_ids", "attention_mask")
        ]
    )
    def serve(self, input_ids, token_type_ids, attention_mask):
        h = self.trunk(input_ids, token_type_ids, attention_mask)
        return {"last_hidden_state": h, "pooled": tf.tanh(h[:, 0])}


class Gpt(tf.Module):
    def __init__(self):
        super().__init__()
        self.words, self.block = weights(50, WIDTH), Block(7)

    @tf.function(input_signature=[tf.TensorSpec([None, LENGTH], tf.int64, "input_ids")])
    def serve(self, input_ids):
        seen = tf.linalg.band_part(tf.ones([LENGTH, LENGTH], tf.bool), -1, 0)
        bias = tf.where(seen, 0.0, -1e9)[None, None]
        h = self.block(tf.gather(self.words, input_ids), bias, True)
        return {"logits": tf.einsum("bld,vd->blv", h, self.words)}


class Vit(tf.Module):
    def __init__(self):
        super().__init__()
        self.patch, self.start = weights(48, WIDTH), weights(1, 1, WIDTH, seed=1)
        self.places, self.block = weights(1, 17, WIDTH, seed=2), Block(11)

    @tf.function(input_signature=[tf.TensorSpec([None, 16, 16, 3], tf.uint8, "pixel_values")])
    def serve(self, pixel_values):
        x = tf.cast(pixel_values, tf.float32) / 127.5 - 1.0
        x = tf.image.extract_patches(x, [1, 4, 4, 1], [1, 4, 4, 1], [1] * 4, "VALID")
        h = tf.tensordot(tf.reshape(x, [-1, 16, 48]), self.patch, 1)
        start = tf.tile(self.start, [tf.shape(h)[0], 1, 1])
        h = tf.concat([start, h], 1) + self.places
        return {"features": self.block(h, 0.0, False)[:, 0]}


IDS = np.random.default_rng(0).integers(0, 50, [2, LENGTH])
MODELS = {
    "bert": (
        Bert,
        {
            "input_ids": IDS.astype("i4"),
            "token_type_ids": np.array([[0] * 4 + [1] * 4] * 2, "i4"),
            "attention_mask": np.array([[1] * 8, [1] * 5 + [0] * 3], "i4"),
        },
    ),
    "gpt": (Gpt, {"input_ids": IDS}),
    "vit": (
        Vit,
        {"pixel_values": np.random.default_rng(1).integers(0, 256, [2, 16, 16, 3]).astype("u1")},
    ),
}


@pytest.mark.parametrize("name", ["bert", *(
    pytest.param(name, marks=pytest.mark.matrix) for name in MODELS if name != "bert"
)])  # fmt: skip
def test_of_tensorflow(name, tmp_path):
    kind, fed = MODELS[name]
    module = kind()
    tf.saved_model.save(module, str(tmp_path / "model"), signatures=module.serve)
    result = convert(tmp_path / "model", tmp_path / "web")
    assert all(item.parity.ok for item in result.comparisons)
    assert (result.mode, result.backend) == ("execute", "wasm")
    expected = module.serve(**{key: tf.constant(value) for key, value in fed.items()})
    for backend in ("cpu", "wasm"):
        found = tfjs.run(tmp_path / "web", [fed], list(expected), backend=backend)
        assert found.missing_kernel == ""
        for key, value in expected.items():
            np.testing.assert_allclose(found.outputs[0][key], value, rtol=1e-4, atol=1e-4)


def torch_models():
    """Encoders of torch.nn: over ids with a mask, over patches, over sound, and both of CLIP."""
    import torch

    def encoder(layers=1):
        layer = torch.nn.TransformerEncoderLayer(
            WIDTH, HEADS, 32, activation="gelu", batch_first=True
        )
        return torch.nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)

    class Text(torch.nn.Module):
        def __init__(self, causal):
            super().__init__()
            self.words, self.rest = torch.nn.Embedding(50, WIDTH), encoder()
            self.causal = causal

        def forward(self, ids):
            seen = torch.triu(torch.full((LENGTH, LENGTH), -1e9), 1) if self.causal else None
            return self.rest(self.words(ids), mask=seen)

    class Image(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.patch, self.rest = torch.nn.Conv2d(3, WIDTH, 4, 4), encoder()

        def forward(self, image):
            return self.rest(self.patch(image).flatten(2).transpose(1, 2)).mean(1)

    class Sound(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = torch.nn.Conv1d(10, WIDTH, 3, padding=1)
            self.second = torch.nn.Conv1d(WIDTH, WIDTH, 3, stride=2, padding=1)
            self.rest = encoder(2)

        def forward(self, mel):
            gelu = torch.nn.functional.gelu
            return self.rest(gelu(self.second(gelu(self.first(mel)))).transpose(1, 2))

    class Both(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.text, self.image = Text(True), Image()

        def forward(self, ids, image):
            a = torch.nn.functional.normalize(self.text(ids)[:, -1], dim=-1)
            b = torch.nn.functional.normalize(self.image(image), dim=-1)
            return a @ b.T

    torch.manual_seed(0)
    ids, image = torch.from_numpy(IDS), torch.rand(2, 3, 16, 16)
    return {
        "bert": (Text(False), (ids,)),
        "gpt": (Text(True), (ids,)),
        "vit": (Image(), (image,)),
        "whisper": (Sound(), (torch.rand(2, 10, 24),)),
        "clip": (Both(), (ids, image)),
    }


@pytest.mark.matrix
@pytest.mark.parametrize("name", ["bert", "gpt", "vit", "whisper", "clip"])
def test_of_torch_by_onnx(name, tmp_path):
    import torch

    model, fed = torch_models()[name]
    model.eval()
    file, names = tmp_path / f"{name}.onnx", [f"x{number}" for number in range(len(fed))]
    torch.onnx.export(
        model, fed, str(file), input_names=names, output_names=["y"], opset_version=17,
        dynamo=False,
    )  # fmt: skip
    result = convert(file, tmp_path / "web")
    assert all(item.parity.ok for item in result.comparisons)
    expected = model(*fed).detach().numpy()
    arrays = {key: value.numpy() for key, value in zip(names, fed, strict=True)}
    for backend in ("cpu", "wasm"):
        found = tfjs.run(tmp_path / "web", [arrays], ["y"], backend=backend)
        assert found.missing_kernel == ""
        np.testing.assert_allclose(found.outputs[0]["y"], expected, rtol=1e-4, atol=1e-4)
