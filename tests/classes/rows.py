"""The classes: what is true of all models of one, what is typed, and what used to come of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A class of models, the one that stands for it, and a command; `before` is what it did.

    `model` is a key of `MODELS` or of `tests.saved_models.SAVERS`; `says` are words of the output
    now, which a test looks for, and `code` the exit code.
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
)  # fmt: skip
