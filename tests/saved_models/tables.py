"""TF2 models whose functions look words up in tables, and that have no signature."""

from __future__ import annotations

from pathlib import Path

from tests.saved_models.seeded import tensorflow


def stored_tables(path: Path) -> None:
    """Two mutable tables of one kind and a dense one, which the checkpoint fills."""
    tf = tensorflow()
    lookup = tf.lookup.experimental

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.first = lookup.MutableHashTable(tf.string, tf.int64, -1)
            self.second = lookup.MutableHashTable(tf.string, tf.int64, -2)
            self.dense = lookup.DenseHashTable(tf.string, tf.int64, -3, "", "#")
            for number, table in enumerate((self.first, self.second, self.dense)):
                table.insert(["a", "b"], tf.constant([10 * number, 10 * number + 1], tf.int64))

        @tf.function
        def __call__(self, words):
            return {
                "first": self.first.lookup(words),
                "second": self.second.lookup(words),
                "dense": self.dense.lookup(words),
            }

    module = Module()
    module.__call__.get_concrete_function(tf.TensorSpec([None], tf.string))
    tf.saved_model.save(module, str(path))


def text_layer(path: Path) -> None:
    """Keras 2's text layer: its words are in a table that is filled by `adapt`."""
    tf = tensorflow()
    import tf_keras

    layer = tf_keras.layers.TextVectorization(output_sequence_length=4)
    layer.adapt(["one two", "two three three"])

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.layer = layer

        @tf.function
        def __call__(self, text):
            return self.layer(text)

    module = Module()
    module.__call__.get_concrete_function(tf.TensorSpec([None], tf.string))
    tf.saved_model.save(module, str(path))
