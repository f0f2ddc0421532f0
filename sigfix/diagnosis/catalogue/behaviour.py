"""BEH: what the graph does when it runs."""

from __future__ import annotations

from sigfix.diagnosis.rule import Fixable, Rule, Severity

RULES = (
    Rule(
        "BEH301", "training-mode", Severity.WARNING, Fixable.SOMETIMES,
        what="A signature's graph is in training mode: dropout is on, or batch normalisation uses "
        "the statistics of the batch.",
        why="Results differ from call to call, or depend on what else is in the batch.",
        causes="The function was traced or exported with training=True.",
        example="FusedBatchNormV3 with is_training=True",
        fix="`sigfix repair MODEL --function NAME --bind training=false` where such a trace "
        "exists; `--bind NAME=false` where an input switches it.",
        advice="Export it for inference in the original code: training=False.",
    ),
    Rule(
        "BEH302", "tables-without-initialiser", Severity.WARNING, Fixable.NEVER,
        what="The graph has lookup tables and no operation that fills them.",
        why="Looking something up fails: the table is not initialised.",
        causes="A TF1 export without main_op or legacy_init_op.",
        example="HashTableV2 without saved_model_main_op",
        fix="Export again with main_op=tf.tables_initializer().",
        advice="Export again with main_op=tf.tables_initializer().",
    ),
    Rule(
        "BEH303", "changes-state", Severity.WARNING, Fixable.NEVER,
        what="Calling a signature, or a function that one could be made of, changes the "
        "model's variables.",
        why="Results depend on the calls before; a frozen or converted model cannot do it.",
        causes="The signature trains, counts, or keeps a recurrent state.",
        example="AssignAddVariableOp in signature incr_counter",
        fix="Choose another signature, or keep the state outside the model.",
        advice="Use another signature, or keep the state outside the model.",
    ),
    Rule(
        "BEH304", "custom-operator", Severity.ERROR, Fixable.NEVER,
        what="The graph uses operators, or a function takes or returns types, that TensorFlow does "
        "not have.",
        why="It loads only where the library that defines them was loaded before.",
        causes="TensorFlow Text, Decision Forests, Addons, a result that is a distribution of "
        "TensorFlow Probability, or an operator of the author's own.",
        example="ZeroOut, SimpleMLInferenceOpWithHandle, tfp.distributions.Normal_ACTTypeSpec",
        fix="Import the library that registers them before loading.",
        advice="Import the library that defines them before loading.",
    ),
    Rule(
        "BEH305", "python-function", Severity.ERROR, Fixable.NEVER,
        what="The model runs Python code: a graph that calls back into Python (tf.py_function, "
        "tf.numpy_function), or a Keras file with code or classes of its own.",
        why="A graph's Python code is not in the SavedModel: it runs only in the process that made "
        "it. A Keras file's code is in the file, and loading the file runs it on this machine.",
        causes="Preprocessing was written in NumPy inside the graph; a Lambda layer, at any depth; "
        "a layer or function that is not Keras' own.",
        example="EagerPyFunc; Lambda 'outer/inner/lambda' (Python code)",
        fix="Rewrite that part with TensorFlow operators or Keras' own layers and save again. "
        "A Keras file that you trust is loaded with `sigfix repair FILE --trust`; one with classes "
        "that are in the author's program alone is exported there, by `model.export`.",
        advice="Rewrite it in TensorFlow operators or Keras layers, or model.export where its own "
        "classes are.",
    ),
    Rule(
        "BEH306", "touches-system", Severity.WARNING, Fixable.NEVER,
        what="The graph reads or writes files, talks to other processes or devices, or ends this "
        "process.",
        why="Running a stranger's model then does to this machine what its author wanted.",
        causes="Data loading or saving was exported with the model; or the model is hostile.",
        example="ReadFile, WriteFile",
        fix="Look at the operators before loading it; run it only where it can do no harm. "
        "repair, verify and convert run what would execute one only with --trust.",
        advice="Look at the operators before loading it; run it only where it can do no harm.",
    ),
    Rule(
        "BEH307", "xla-call-module", Severity.WARNING, Fixable.NEVER,
        what="The computation is a serialised StableHLO module (XlaCallModule).",
        why="Only a TensorFlow with XLA runs it; converters to TF.js, ONNX and TFLite cannot look "
        "inside.",
        causes="jax2tf with native serialisation, the default since 2023.",
        example="XlaCallModule, version 9",
        fix="Export again with jax2tf.convert(..., native_serialization=False) and JAX 0.4: 0.10 "
        "takes the option and ignores it.",
        advice="Export again with JAX 0.4: jax2tf.convert(..., native_serialization=False).",
    ),
    Rule(
        "BEH308", "random-operator", Severity.NOTE, Fixable.NEVER,
        what="A signature draws random numbers: by a random operator, or by one whose seed is a "
        "variable that the signature changes.",
        why="Two calls with the same input give different results, so no comparison of them "
        "proves anything.",
        causes="Sampling is part of the model, dropout was left on, or augmentation layers of "
        "Keras 3 were exported with it.",
        example="RandomUniform in signature sample",
        fix="Nothing is wrong if sampling is wanted; its numbers cannot be verified then. Of a "
        ".keras file, `sigfix repair` makes a model for inference, without augmentation.",
        advice="Nothing is wrong if it shall draw random numbers; they cannot be verified, though.",
    ),
    Rule(
        "BEH309", "non-finite-weights", Severity.WARNING, Fixable.NEVER,
        what="A weight is NaN or infinite.",
        why="What is computed from it is NaN too, often for some inputs or classes only. A repair "
        "or a conversion keeps that, and a comparison finds nothing wrong: NaN is NaN on both "
        "sides.",
        causes="Training diverged and was saved all the same; float16 has no number above 65,504; "
        "a statistic was divided by zero. Masks (minus infinity and nothing above zero), infinite "
        "bounds and single constants are not counted.",
        example="linear/bias: 1 NaN of 127 values",
        fix="Take a checkpoint from before training diverged. Of a model with more than 128 MB of "
        "weights the smallest tensors are looked at; `sigfix inspect MODEL --checksums` looks at "
        "all of them.",
        advice="Take a checkpoint from before training diverged.",
    ),
)  # fmt: skip
