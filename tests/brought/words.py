"""Models of text: tables with a default value, ragged tensors, the two halves of a Hub encoder."""

from __future__ import annotations

from pathlib import Path

from tests.saved_models.seeded import tensorflow

_WORDS = ("", "the", "cat", "sat")


def _tables(tf):
    numbers = tf.constant([0, 1, 2, 3], tf.int64)
    to_number = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(tf.constant(_WORDS), numbers), -1
    )
    to_word = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(numbers, tf.constant(_WORDS)), "[UNK]"
    )
    return to_number, to_word


def lookup_default(path: Path) -> None:
    """Words to numbers and back, each with a default value; no signature."""
    tf = tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.to_number, self.to_word = _tables(tf)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "words")])
        def encode(self, words):
            return {"ids": self.to_number.lookup(words)}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.int64, "ids")])
        def decode(self, ids):
            return {"words": self.to_word.lookup(ids)}

    tf.saved_model.save(Module(), str(path))


def ragged_out(path: Path) -> None:
    """A ragged tensor is what comes out."""
    tf = tensorflow()

    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "text")])
        def split(self, text):
            return tf.strings.split(text)

    tf.saved_model.save(Module(), str(path))


def ragged_within(path: Path) -> None:
    """A ragged tensor of numbers, from a padded one."""
    tf = tensorflow()

    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, "padded")])
        def __call__(self, padded):
            return {
                "rows": tf.RaggedTensor.from_tensor(padded, padding=0.0),
                "padded": padded * 2.0,
            }

    tf.saved_model.save(Module(), str(path))


def text_encoder(path: Path) -> None:
    """Text, split into ragged tokens, padded and embedded: the two halves of a Hub encoder."""
    tf = tensorflow()

    class Preprocessor(tf.Module):
        def __init__(self):
            super().__init__()
            self.to_number, _ = _tables(tf)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "sentences")])
        def __call__(self, sentences):
            tokens = tf.strings.split(sentences)
            ids = tf.ragged.map_flat_values(self.to_number.lookup, tokens) + 1
            words = tf.cast(ids.to_tensor(0, shape=[None, 8]), tf.int32)
            return {
                "input_word_ids": words,
                "input_mask": tf.cast(words > 0, tf.int32),
                "input_type_ids": tf.zeros_like(words),
            }

    class Encoder(tf.Module):
        def __init__(self):
            super().__init__()
            self.rows = tf.Variable(tf.random.normal([8, 4]))

        @tf.function
        def __call__(self, inputs, training=False):
            taken = tf.gather(self.rows, inputs["input_word_ids"])
            mask = tf.cast(inputs["input_mask"], tf.float32)[..., None]
            pooled = tf.reduce_sum(taken * mask, 1) / (tf.reduce_sum(mask, 1) + 1.0)
            return {"pooled_output": pooled, "sequence_output": taken, "default": pooled}

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.preprocessor = Preprocessor()
            self.encoder = Encoder()

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "sentences")])
        def __call__(self, sentences):
            return self.encoder(self.preprocessor(sentences))

    module = Module()
    spec = tf.TensorSpec([None, 8], tf.int32)
    names = ("input_word_ids", "input_mask", "input_type_ids")
    for training in (True, False):
        module.encoder.__call__.get_concrete_function(dict.fromkeys(names, spec), training=training)
    tf.saved_model.save(module, str(path))


def python_inside(path: Path) -> None:
    """A function in Python is called, which no file holds."""
    tf = tensorflow()

    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x")])
        def __call__(self, x):
            return tf.numpy_function(lambda values: values * 2.0, [x], tf.float32)

    tf.saved_model.save(Module(), str(path))
