"""SIG: which signatures a model offers, and whether a loader finds them."""

from __future__ import annotations

from sigfix.diagnosis.rule import Fixable, Rule, Severity

RULES = (
    Rule(
        "SIG001", "no-signature", Severity.ERROR, Fixable.SOMETIMES,
        what="The model has no signature; at most the operation that initialises it.",
        why="Every consumer of a SavedModel (TensorFlow Serving, tensorflowjs_converter, TFLite, "
        "tf2onnx) looks up a SignatureDef by name to learn what to feed and what to fetch.",
        causes="tf.saved_model.save was called without `signatures=` on an object whose functions "
        "have no fixed input signature, or model.save of a subclassed Keras model that was never "
        "called; a TF1 builder ran without `signature_def_map`.",
        example="signature_def_map: { __saved_model_init_op }",
        fix="`sigfix repair MODEL` adds serving_default from the one callable function; where "
        "there are several, --function NAME chooses.",
        advice="Name what a signature is made of: a function, or a TF1 graph's input and output "
        "tensors.",
    ),
    Rule(
        "SIG002", "no-serving-default", Severity.ERROR, Fixable.ALWAYS,
        what="There is one signature, and it is not called serving_default.",
        why="serving_default is the key that tools ask for unless they are told another; most "
        "stop where it is absent.",
        causes="The model was saved with `signatures={'predict': f}`, or it is a TF-Hub module, "
        "whose signature is called default.",
        example="signatures: predict",
        fix="`sigfix repair MODEL --from KEY` makes serving_default an alias of it; or pass the "
        "key to the consumer (--signature_name KEY).",
        advice="Give its name to the program that loads the model.",
    ),
    Rule(
        "SIG003", "several-none-default", Severity.ERROR, Fixable.SOMETIMES,
        what="There are several signatures, and none is called serving_default.",
        why="Tools that ask for serving_default stop, and nobody but the author knows which of the "
        "signatures was meant.",
        causes="A dictionary of functions was saved without the conventional key.",
        example="signatures: encode, decode",
        fix="`sigfix repair MODEL --from KEY` makes serving_default an alias of one of them.",
        advice="Ask the author which one is meant, and give its name to the program that loads "
        "the model.",
    ),
    Rule(
        "SIG004", "several-signatures", Severity.NOTE, Fixable.NEVER,
        what="Beside serving_default there are other signatures.",
        why="A converted model carries one signature: the others are left behind unless they are "
        "asked for by name.",
        causes="Estimators export classification, regression and predict next to "
        "serving_default; authors add entry points of their own.",
        example="signatures: classification, predict, serving_default",
        fix="Nothing is wrong. Name the signature that you want: --signature KEY.",
        advice="Nothing is wrong: name the one that you want where you use the model.",
    ),
    Rule(
        "SIG005", "nothing-callable", Severity.ERROR, Fixable.SOMETIMES,
        what="There is neither a signature nor a function with a trace that one could be made of.",
        why="A function that was never called has no graph: the SavedModel holds its weights and "
        "nothing to run.",
        causes="A tf.Module or Keras model was saved before its tf.function was called, or the "
        "method is not a tf.function at all; only weights were saved.",
        example="functions: encoder.__call__ (no traces)",
        fix="In the original code, call the function once (or give it an input_signature) and save "
        "again. For a TF1 graph, name the tensors: `sigfix repair MODEL --input x:TENSOR --output "
        "y=TENSOR`.",
        advice="In the original code, call the function once, or read from a placeholder, and save "
        "again.",
    ),
    Rule(
        "SIG006", "several-traces", Severity.NOTE, Fixable.SOMETIMES,
        what="A function was traced more than once, for different inputs.",
        why="Only one trace becomes a signature, and traces can differ in more than a shape: "
        "training=True and training=False are two graphs.",
        causes="The function was called with different shapes, dtypes or Python values before "
        "saving; Keras traces every layer for both values of `training`.",
        example="__call__: (x: float32[?,3], training=True), (x: float32[?,3], training=False)",
        fix="`sigfix repair MODEL --function NAME --bind training=false` picks the trace.",
        advice="Nothing is wrong: say which arguments are meant where a signature is made.",
    ),
    Rule(
        "SIG007", "no-inputs", Severity.WARNING, Fixable.SOMETIMES,
        what="A signature has no inputs.",
        why="It returns the same every time, or reads the model's state: converters drop it or "
        "fold it into a constant.",
        causes="The signature is a getter (a step counter, a vocabulary), or its inputs were "
        "frozen into constants.",
        example="get_counter() -> {output: float32[]}",
        fix="Choose another signature with --signature, or remove it: `sigfix repair MODEL "
        "--remove-signature KEY`.",
        advice="Use another signature, or leave this one out.",
    ),
    Rule(
        "SIG008", "no-outputs", Severity.WARNING, Fixable.SOMETIMES,
        what="A signature has no outputs.",
        why="Nothing can be fetched from it; TensorFlow Serving refuses to call it.",
        causes="The function returns None: it only changes the model's state.",
        example="reset() -> {}",
        fix="Choose another signature, or remove it (`sigfix repair MODEL --remove-signature "
        "KEY`), or return a tensor in the original code.",
        advice="Use another signature, or return a tensor in the original code.",
    ),
    Rule(
        "SIG009", "training-signature", Severity.WARNING, Fixable.SOMETIMES,
        what="A signature is for training or evaluation: labels go in, a loss or a metric comes "
        "out, an optimiser runs, or its name says so.",
        why="Training steps change variables and need gradients; they are no use for inference and "
        "do not convert. No command makes such a signature serving_default by itself. It is a note "
        "where a name alone tells of it, and of something else too (train_delay).",
        causes="A training function was exported for on-device learning.",
        example="train(x, y) -> {loss: float32[]}",
        fix="Choose another signature with --signature, or remove it: `sigfix repair MODEL "
        "--remove-signature KEY`. Where it is meant after all: `sigfix repair MODEL --from KEY`.",
        advice="Use another signature; this one is for training.",
    ),
    Rule(
        "SIG010", "blank-method-name", Severity.WARNING, Fixable.ALWAYS,
        what="A signature's method name is blank.",
        why="TensorFlow Serving refuses to serve a signature whose method name it does not know.",
        causes="The SignatureDef was written by hand without method_name, or by TF-Hub.",
        example='signature default, method_name ""',
        fix="`sigfix repair MODEL --method-name tensorflow/serving/predict`.",
        advice="Set the method name in the program that wrote the signature.",
    ),
    Rule(
        "SIG011", "legacy-method-name", Severity.NOTE, Fixable.SOMETIMES,
        what="A signature is made for TensorFlow Serving's classify or regress calls.",
        why="Such a signature takes serialised tf.Example strings and parses them in the graph; "
        "few other consumers have those operators.",
        causes="The model was exported by a TF1 Estimator.",
        example="serving_default, method tensorflow/serving/classify",
        fix="Use the predict signature where there is one (`sigfix repair MODEL --from predict`).",
        advice="Nothing is wrong where TensorFlow Serving's classify or regress is what you call.",
    ),
    Rule(
        "SIG012", "not-in-object-graph", Severity.ERROR, Fixable.SOMETIMES,
        what="A signature is in the signature map and not in the object graph.",
        why="TF1 loaders and TensorFlow Serving see it; tf.saved_model.load(...).signatures, and "
        "so tensorflowjs_converter, does not.",
        causes="The signature map was edited after saving.",
        example="signature_def_map: serving_default; signatures node: (empty)",
        fix="`sigfix repair MODEL --function NAME` builds it again from the object graph.",
        advice="Load it with tf.compat.v1.saved_model.load, or save the model again from its code.",
    ),
    Rule(
        "SIG013", "unfed-placeholder", Severity.ERROR, Fixable.SOMETIMES,
        what="A signature's outputs depend on a placeholder that none of its inputs feeds.",
        why="It can never run: TensorFlow wants a value for each placeholder (You must feed a "
        "value for placeholder tensor), tf.saved_model.load raises UnliftableError.",
        causes="is_training, phase_train or keep_prob was fed by the training code, and forgotten "
        "when the signature was written.",
        example="serving_default(images) -> embeddings, which needs phase_train",
        fix="`sigfix repair MODEL --bind phase_train=false` gives it the value that it has at "
        "inference; --input NAME:TENSOR makes it an input.",
        advice="Feed it in each call of a session, or give it its value for good with --bind.",
    ),
)  # fmt: skip
