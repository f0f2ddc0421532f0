"""The classes: what is true of all models of one, what is typed, and what used to come of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A class of models, the one that stands for it, and a command; `before` is what it did.

    `model` is a key of `MODELS`, `tests.saved_models.SAVERS` or `tests.brought.SAVERS`; `says`
    are words of the output now, which a test looks for, and `code` the exit code.
    """

    what: str
    model: str
    command: str
    before: str
    says: tuple[str, ...]
    code: int = 0


ROWS = (
    Row("several functions, one of them the call", "functions", "inspect {m}",
        "the first by its name", ("fix: sigfix repair functions --function __call__",), 1),
    Row("a step and its initial state", "steps", "inspect {m}",
        "the initial state came first", ("fix: sigfix repair steps --function step",), 1),
    Row("two functions of one last name", "parts", "repair {m} --dry-run",
        "the command that was printed gave both the same key, a usage error",
        ("--function decoder.__call__ --function encoder=encoder.__call__",), 1),
    Row("the only signature is a training step", "training", "repair {m} --dry-run",
        "it became serving_default", ("--from train",), 1),
    Row("TF1: only the loss reads the result", "first_generation", "repair {m} --dry-run",
        "the loss was the output, the label an input", ("x: float32[?,4]", "logits: float32[?,3]")),
    Row("a MetaGraph to serve and one to train", "two_meta_graphs", "inspect {m}",
        "an error, and a fix that removed the one to serve", ("no errors",)),
    Row("tags that are letters", "letters", "repair {m} --dry-run",
        "tags: s, e, r, v, serve, which no loader finds", ("tags: serve",)),
    Row("tags beside serve", "serve_and_train", "inspect {m}",
        "no findings, and no loader found it", ("CON202", "--set-tags serve")),
    Row("a placeholder that no input feeds", "forgetful", "inspect {m}",
        "no findings, and it could never run", ("SIG013", "--bind phase_train=false"), 1),
    Row("the same, given its value", "forgetful", "repair {m} --bind phase_train=false --dry-run",
        "the option was dropped without a word", ("phase_train",)),
    Row("nested inputs", "nested", "repair {m} --dry-run",
        "batch and batch_1", ("batch_a", "batch_b")),
    Row("tables that functions capture", "stored_tables", "repair {m} --dry-run",
        "not repairable", ("+ signature serving_default",)),
    Row("graphs of producers before 22, an empty shape", "old_producer", "repair {m} --dry-run",
        "a scalar", ("x: float32[...]",)),
    Row("a text that is no SavedModel", "other_text", "inspect {m}",
        "no MetaGraphs, and nothing was said of it", ("CON212",), 2),
    Row("a shard is missing", "a_shard_less", "repair {m} --rename y=z --no-verify",
        "written, without weights, exit code 0", ("weights are not all there",), 1),
    Row("a shard is missing, and numbers are wanted", "a_shard_less", "convert {m} --tfjs",
        "TensorFlow's error after 24 s", ("weights are not all there",), 1),
    Row("savers and optimisers beside the model", "image", "inspect {m} --target tfjs",
        "TensorFlow.js does not have DisableCopyOnRead", ("1 error",), 1),
    Row("a table lookup", "looked_up", "inspect {m} --target tfjs",
        "warnings, and convert refused it after a minute", ("TGT414", "no errors")),
    Row("strings where TensorFlow.js takes numbers", "class_names", "inspect {m} --target tfjs",
        "nothing", ("TGT415", "--drop-output"), 1),
    Row("thousands of signatures", "many_signatures", "inspect {m}",
        "a finding and a command for each", ("2,000 of this kind",), 1),
    Row("a model in text", "in_text", "inspect {m}",
        "ten times as long", ("SavedModel in text form",)),
    Row("an option that has no effect", "signed", "repair {m} --bind nothing=1 --dry-run",
        "dropped without a word", ("--bind nothing",), 1),
    Row("options that contradict each other", "signed", "repair {m} --no-verify --run",
        "the second was dropped", ("--run",), 2),
    Row("a path that begins with a dash", "-dash", "inspect ./{m}",
        "its fix was taken for an option", ("fix: sigfix repair ./-dash",), 1),
    Row("a ragged tensor comes out", "ragged_within", "inspect {m} --target tfjs",
        "TensorFlow.js has no invalid", ("RaggedTensor(float32[?,?])", "TGT417",
        "fix: sigfix repair ragged_within --function __call__"), 1),
    Row("a ragged tensor, converted", "ragged_within", "convert {m} --tfjs",
        "a traceback", ("dense tensors only", "--function __call__ -o repaired && sigfix"), 1),
    Row("a policy with a state that is empty", "policy", "inspect {m}",
        "a function that returns nothing was offered",
        ("2 functions could be one: action, distribution", "time_step['reward']: float32[?]"), 1),
    Row("a helper became the signature by itself", "lists", "inspect {m}",
        "to use another one, without a command", ("fix: sigfix repair lists --function __call__",)),
    Row("TF1: a dataset in front of the graph", "tf1_iterator", "repair {m} --dry-run",
        "no tensor depends on a placeholder",
        ("--input IteratorGetNext:IteratorGetNext:0 --output probabilities=probabilities:0",), 1),
    Row("TF1: a signature for regression, one to evaluate", "tf1_receiver", "inspect {m}",
        "a fix that made eval the default", ("fix: sigfix repair tf1_receiver --from predict",)),
    Row("TF1: a placeholder switches a branch", "tf1_batch_norm", "inspect {m} --target tfjs",
        "the condition itself was offered as an output, and what training changes was a state",
        ("-> (Predictions:0)", "--bind is_training=false", "1 error"), 1),
    Row("a Keras 3 model of the author's class", "subclassed", "inspect {m}",
        "no function that a signature could be made of, though repair made one",
        ("fix: sigfix repair subclassed",), 1),
    Row("a SavedModel as a layer", "layer_of_a_saved_model", "repair {m} --dry-run",
        "the layer's function became the signature of the whole",
        ("from function _default_save_signature", "output_0  float32[?,2]")),
    Row("functions to train and to evaluate alone", "only_trains", "repair {m} --dry-run",
        "the same, in words that were one's", ("All belong to training or evaluation",), 1),
)  # fmt: skip
