"""Models of several functions: steps with states, policies, what trains, modules in modules."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path

from tests.saved_models.seeded import tensorflow

TimeStep = namedtuple("TimeStep", ["step_type", "reward", "discount", "observation"])
PolicyStep = namedtuple("PolicyStep", ["action", "state", "info"])


def optional_mask(path: Path) -> None:
    """`mask=None`: one trace without a mask and one with it."""
    tf = tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable(tf.random.normal([4, 3]))

        @tf.function
        def __call__(self, x, mask=None):
            y = x @ self.weight
            return y if mask is None else y * tf.cast(mask, tf.float32)[:, None]

    module = Module()
    spec = tf.TensorSpec([None, 4], tf.float32, "x")
    module.__call__.get_concrete_function(spec)
    module.__call__.get_concrete_function(spec, tf.TensorSpec([None], tf.bool, "mask"))
    tf.saved_model.save(module, str(path))


def seq2seq_steps(path: Path) -> None:
    """A translator: `encode` gives states, `decode_step` takes and gives them."""
    tf = tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.rows = tf.Variable(tf.random.normal([20, 8]))
            self.recurrent = tf.Variable(tf.random.normal([16, 8]))
            self.out = tf.Variable(tf.random.normal([8, 20]))

        @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32, "tokens")])
        def encode(self, tokens):
            taken = tf.gather(self.rows, tokens)
            return {"h": tf.reduce_sum(taken, 1), "c": tf.reduce_max(taken, 1)}

        @tf.function
        def decode_step(self, token, states):
            taken = tf.gather(self.rows, token)
            h = tf.tanh(tf.concat([taken, states["h"]], 1) @ self.recurrent)
            return tf.nn.softmax(h @ self.out), {"h": h, "c": states["c"] + h}

        @tf.function(input_signature=[tf.TensorSpec([], tf.int32, "batch")])
        def initial_state(self, batch):
            return {"h": tf.zeros([batch, 8]), "c": tf.zeros([batch, 8])}

    module = Module()
    state = tf.TensorSpec([None, 8], tf.float32)
    module.decode_step.get_concrete_function(
        tf.TensorSpec([None], tf.int32, "token"), {"h": state, "c": state}
    )
    tf.saved_model.save(module, str(path))


def policy(path: Path) -> None:
    """A reinforcement learning policy, as agents' savers write it."""
    tf = tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable(tf.random.normal([4, 2]))
            self.train_step = tf.Variable(7, dtype=tf.int64, trainable=False)

        @tf.function
        def action(self, time_step, policy_state=()):
            logits = time_step.observation @ self.weight
            return PolicyStep(tf.argmax(logits, 1), policy_state, {"logits": logits})

        @tf.function
        def distribution(self, time_step, policy_state=()):
            return PolicyStep({"logits": time_step.observation @ self.weight}, policy_state, ())

        @tf.function(input_signature=[tf.TensorSpec([], tf.int32, "batch_size")])
        def get_initial_state(self, batch_size):
            return ()

        @tf.function(input_signature=[])
        def get_train_step(self):
            return self.train_step

        @tf.function(input_signature=[])
        def get_metadata(self):
            return {"version": tf.constant("1")}

    module = Module()
    spec = TimeStep(
        tf.TensorSpec([None], tf.int32, "0/step_type"),
        tf.TensorSpec([None], tf.float32, "0/reward"),
        tf.TensorSpec([None], tf.float32, "0/discount"),
        tf.TensorSpec([None, 4], tf.float32, "0/observation"),
    )
    module.action.get_concrete_function(spec, ())
    module.distribution.get_concrete_function(spec, ())
    tf.saved_model.save(module, str(path))


def only_trains(path: Path) -> None:
    """Two functions: one trains, the other evaluates."""
    tf = tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable(tf.random.normal([4, 3]))

        def _loss(self, x, labels):
            scores = x @ self.weight
            return tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels, scores)
            ), scores

        @tf.function
        def train(self, x, labels):
            with tf.GradientTape() as tape:
                loss, _ = self._loss(x, labels)
            self.weight.assign_sub(0.1 * tape.gradient(loss, self.weight))
            return {"loss": loss}

        @tf.function
        def eval(self, x, labels):
            loss, scores = self._loss(x, labels)
            hits = tf.cast(tf.argmax(scores, 1, tf.int32) == labels, tf.float32)
            return {"loss": loss, "accuracy": tf.reduce_mean(hits)}

    module = Module()
    specs = tf.TensorSpec([None, 4], tf.float32, "x"), tf.TensorSpec([None], tf.int32, "labels")
    module.train.get_concrete_function(*specs)
    module.eval.get_concrete_function(*specs)
    tf.saved_model.save(module, str(path))


def on_device(path: Path) -> None:
    """For training on a device: `train`, `infer`, `save` and `restore`, each a signature."""
    tf = tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable(tf.random.normal([4, 3]))

        @tf.function(
            input_signature=[
                tf.TensorSpec([None, 4], tf.float32, "x"),
                tf.TensorSpec([None, 3], tf.float32, "y"),
            ]
        )
        def train(self, x, y):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(x @ self.weight - y))
            self.weight.assign_sub(0.1 * tape.gradient(loss, self.weight))
            return {"loss": loss}

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, "x")])
        def infer(self, x):
            logits = x @ self.weight
            return {"output": tf.nn.softmax(logits), "logits": logits}

        @tf.function(input_signature=[tf.TensorSpec([], tf.string, "checkpoint_path")])
        def save(self, checkpoint_path):
            tf.raw_ops.Save(
                filename=checkpoint_path, tensor_names=["weight"], data=[self.weight.read_value()]
            )
            return {"checkpoint_path": checkpoint_path}

        @tf.function(input_signature=[tf.TensorSpec([], tf.string, "checkpoint_path")])
        def restore(self, checkpoint_path):
            value = tf.raw_ops.Restore(
                file_pattern=checkpoint_path, tensor_name="weight", dt=tf.float32
            )
            self.weight.assign(value)
            return {"weight": value}

    module = Module()
    names = ("train", "infer", "save", "restore")
    tf.saved_model.save(module, str(path), {name: getattr(module, name) for name in names})


def modules_in_modules(path: Path) -> None:
    """Three modules that can each be called, two deep, and a root that cannot."""
    tf = tensorflow()

    class Part(tf.Module):
        def __init__(self, rows, columns, name=None):
            super().__init__(name)
            self.weight = tf.Variable(tf.random.normal([rows, columns]))

        @tf.function
        def __call__(self, x):
            return x @ self.weight

    class Network(tf.Module):
        def __init__(self):
            super().__init__()
            self.body, self.head = Part(4, 3), Part(3, 2)

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, "x")])
        def __call__(self, x):
            return self.head(self.body(x))

    class Root(tf.Module):
        def __init__(self):
            super().__init__()
            self.network = Network()
            self.layers = [Part(4, 4), Part(4, 4)]

    root = Root()
    for part, columns in (
        (root.network.body, 4),
        (root.network.head, 3),
        *((p, 4) for p in root.layers),
    ):
        part.__call__.get_concrete_function(tf.TensorSpec([None, columns], tf.float32, "x"))
    root.network(tf.zeros([1, 4]))
    tf.saved_model.save(root, str(path))


def tempered(path: Path) -> None:
    """A Python number as a default, a trace for each that was used."""
    tf = tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.weight = tf.Variable(tf.random.normal([4, 3]))

        @tf.function
        def predict(self, x, temperature=1.0, top="all"):
            return tf.nn.softmax(x @ self.weight / temperature)

    module = Module()
    spec = tf.TensorSpec([None, 4], tf.float32, "x")
    module.predict.get_concrete_function(spec)
    module.predict.get_concrete_function(spec, temperature=0.5)
    module.predict.get_concrete_function(spec, temperature=2.0, top="one")
    tf.saved_model.save(module, str(path))


def streaming(path: Path) -> None:
    """A detector of keywords that keeps what it heard in a variable, and can be reset."""
    tf = tensorflow()

    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.heard = tf.Variable(tf.zeros([1, 8]), trainable=False)

        @tf.function(input_signature=[tf.TensorSpec([1, 4], tf.float32, "frame")])
        def __call__(self, frame):
            self.heard.assign(tf.concat([self.heard[:, 4:], frame], 1))
            return {"loudness": tf.reduce_mean(self.heard, 1)}

        @tf.function(input_signature=[])
        def reset(self):
            self.heard.assign(tf.zeros([1, 8]))
            return {"done": tf.constant(True)}

    tf.saved_model.save(Module(), str(path))


def lists(path: Path) -> None:
    """A list is taken and a tuple given; another function takes nothing, another gives nothing."""
    tf = tensorflow()

    class Module(tf.Module):
        @tf.function
        def __call__(self, inputs):
            return inputs[0] + inputs[1], (inputs[0], inputs[1] * 2.0)

        @tf.function(input_signature=[])
        def labels(self):
            return tf.constant(["cat", "dog"])

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
        def warm_up(self, x):
            tf.debugging.assert_all_finite(x, "x")

    module = Module()
    spec = tf.TensorSpec([None], tf.float32)
    module.__call__.get_concrete_function([spec, spec])
    tf.saved_model.save(module, str(path))
