"""Models whose numbers are not float32: complex, of double and half precision, sizes, seeds."""

from __future__ import annotations

from pathlib import Path

from tests.saved_models.seeded import tensorflow


def complex_fft(path: Path) -> None:
    """A spectrum of complex numbers, and back: no signature."""
    tf = tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.gain = tf.Variable(tf.ones([33]) * 0.5)

        @tf.function(input_signature=[tf.TensorSpec([None, 64], tf.float32, "signal")])
        def __call__(self, signal):
            return {"spectrum": tf.signal.rfft(signal) * tf.cast(self.gain, tf.complex64)}

        @tf.function(input_signature=[tf.TensorSpec([None, 33], tf.complex64, "spectrum")])
        def inverse(self, spectrum):
            return {"signal": tf.signal.irfft(spectrum)}

    tf.saved_model.save(Module(), str(path))


def complex_in(path: Path) -> None:
    """Complex numbers are taken, and their loudness comes out; no signature."""
    tf = tensorflow()

    class Module(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, 16], tf.complex64, "wave")])
        def loudness(self, wave):
            return {"loudness": tf.math.log(tf.abs(wave) + 1.0)}

    tf.saved_model.save(Module(), str(path))


def float64(path: Path) -> None:
    """A regression in double precision."""
    tf = tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable(tf.random.normal([5, 2], dtype=tf.float64))

        @tf.function(input_signature=[tf.TensorSpec([None, 5], tf.float64, "x")])
        def __call__(self, x):
            return {"y": tf.matmul(x, self.weight)}

    tf.saved_model.save(Module(), str(path))


def half(path: Path) -> None:
    """A layer in half precision, as mixed precision leaves it."""
    tf = tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable(tf.random.normal([5, 2]))

        @tf.function(input_signature=[tf.TensorSpec([None, 5], tf.float16, "x")])
        def __call__(self, x):
            return tf.nn.softmax(tf.matmul(x, tf.cast(self.weight, tf.float16)))

    tf.saved_model.save(Module(), str(path))


def sized(path: Path) -> None:
    """An image, and the size that it shall have, in int64."""
    tf = tensorflow()

    class Module(tf.Module):
        @tf.function
        def __call__(self, image, size):
            image = tf.image.resize(image, tf.cast(size, tf.int32))
            return {"image": image, "shape": tf.shape(image, out_type=tf.int64)}

    module = Module()
    module.__call__.get_concrete_function(
        tf.TensorSpec([1, None, None, 3], tf.float32, "image"), tf.TensorSpec([2], tf.int64, "size")
    )
    tf.saved_model.save(module, str(path))


def seeded_sampler(path: Path) -> None:
    """A generator that takes its seed: random, and the same each time."""
    tf = tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable(tf.random.normal([8, 4]))

        @tf.function(input_signature=[tf.TensorSpec([2], tf.int32, "seed")])
        def sample(self, seed):
            return {"image": tf.random.stateless_normal([3, 8], seed) @ self.weight}

    tf.saved_model.save(Module(), str(path))
