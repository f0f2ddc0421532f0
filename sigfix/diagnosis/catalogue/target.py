"""TGT: what the chosen `--target` cannot do."""

from __future__ import annotations

from sigfix.diagnosis.rule import Fixable, Rule, Severity

RULES = (
    Rule(
        "TGT401", "operator-not-in-target", Severity.ERROR, Fixable.NEVER,
        what="The target does not have an operator.",
        why="Conversion stops, or the model throws when it runs.",
        causes="The target supports a part of TensorFlow's operators only.",
        example="LoopCond is not an operator of TF.js",
        fix="Replace the operator in the original model, or choose another target. Of what "
        "stands in front of a model (parsers of tf.Examples, strings, pictures as files) `sigfix "
        "convert MODEL --parsed` or `--cut-strings` makes inputs.",
        advice="Replace the operator in the original model, or choose another target.",
    ),
    Rule(
        "TGT402", "operator-not-in-backend", Severity.ERROR, Fixable.NEVER,
        what="The chosen TF.js backend has no kernel for an operator.",
        why="The model loads and throws at the first prediction on this backend.",
        causes="Backends implement different kernels.",
        example="LRN has no kernel in the wasm backend",
        fix="Use another backend, or replace the operator.",
        advice="Use another backend, or replace the operator in the original model.",
    ),
    Rule(
        "TGT403", "channels-first", Severity.WARNING, Fixable.NEVER,
        what="A convolution or pooling is in NCHW layout.",
        why="TF.js's wasm backend computes NHWC only, and so do TensorFlow's CPU kernels; on webgl "
        "the layout is slow. In a TensorFlow.js model for tfjs-wasm it is an error.",
        causes="The model comes from PyTorch or ONNX, or was trained on GPUs with channels first.",
        example="Conv2D with data_format NCHW",
        fix="`sigfix convert MODEL --tfjs` puts convolutions, poolings and what lies between them "
        "into NHWC, and proves that the numbers stay the same.",
        advice="For TensorFlow.js `convert --tfjs` mends it; else make it with channels last.",
    ),
    Rule(
        "TGT404", "control-flow", Severity.WARNING, Fixable.NEVER,
        what="The graph has loops or branches.",
        why="TF.js then runs it only with the asynchronous executeAsync, which is slower; other "
        "runtimes may not run it at all.",
        causes="tf.while_loop, tf.cond, recurrent layers that are not unrolled.",
        example="While, TensorListReserve",
        fix="Unroll the loop (static length) before exporting.",
        advice="Unroll the loop (static length) before exporting, or call it asynchronously.",
    ),
    Rule(
        "TGT405", "fused-matmul-wrong", Severity.WARNING, Fixable.ALWAYS,
        what="A _FusedMatMul has a form that the wasm backend computes wrongly.",
        why="The numbers are wrong and nothing reports it. In a TensorFlow.js model, which is "
        "what it will be for good, it is an error.",
        causes="transpose_b, or batches of two and more, in a fused matrix product (TF.js 4.22).",
        example="_FusedMatMul with transpose_b=True",
        fix="`sigfix convert --tfjs` never emits these forms.",
        advice="Convert the model anew from its source.",
    ),
    Rule(
        "TGT406", "tensor-type", Severity.WARNING, Fixable.SOMETIMES,
        what="An input or output has a dtype that the target does not have.",
        why="TF.js has float32, int32, bool, string and complex64: an int64 becomes int32 and "
        "loses what does not fit, and strings run on the CPU only.",
        causes="Token ids, timestamps or raw text are fed to the model.",
        example="ids: int64[?,128]",
        fix="`sigfix repair MODEL --input 'ids=int32[?,128]'` casts inside the model.",
        advice="Convert the tensor outside the model, where its values fit.",
    ),
    Rule(
        "TGT407", "rank-limit", Severity.ERROR, Fixable.NEVER,
        what="A tensor has more dimensions than the target handles.",
        why="The WebGL and WebGPU backends of TF.js go up to six dimensions.",
        causes="Splitting images into windows, attention over several axes.",
        example="Transpose of a tensor with 7 dimensions",
        fix="Merge dimensions in the original model.",
        advice="Merge dimensions in the original model.",
    ),
    Rule(
        "TGT408", "select-operator", Severity.WARNING, Fixable.NEVER,
        what="TFLite runs an operator only with TensorFlow's own kernels linked in "
        "(SELECT_TF_OPS).",
        why="The plain converter refuses the model; with SELECT_TF_OPS the application carries "
        "megabytes more, and most delegates leave those operators to the CPU.",
        causes="The operator has no TFLite builtin and is on the allowlist of SELECT_TF_OPS.",
        example="ExtractImagePatches, StringSplitV2",
        fix="Set converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, "
        "tf.lite.OpsSet.SELECT_TF_OPS], or replace the operator in the original model.",
        advice="Link TensorFlow's kernels in (SELECT_TF_OPS), or replace the operator.",
    ),
    Rule(
        "TGT409", "version-directory", Severity.NOTE, Fixable.NEVER,
        what="The model is not in a directory whose name is a version number.",
        why="TensorFlow Serving watches BASE/NUMBER/ and serves the largest number; without one "
        "it finds no version of the model.",
        causes="The model was saved to a directory with a name.",
        example="models/half_plus_two/saved_model.pb, where models/half_plus_two/1/ is looked for",
        fix="`mkdir -p BASE && cp -r MODEL BASE/1`, and serve BASE.",
        advice="Copy it into a directory whose name is a number, and serve the one above.",
    ),
    Rule(
        "TGT410", "serving-call", Severity.ERROR, Fixable.ALWAYS,
        what="TensorFlow Serving refuses to call a signature under its method name.",
        why="Predict, Classify and Regress each accept their own method name; Classify and Regress "
        "also fix the keys of inputs and outputs.",
        causes="The signature was put together by hand, or its outputs were renamed.",
        example="tensorflow/serving/classify with the output probabilities",
        fix="`sigfix repair MODEL --method-name tensorflow/serving/predict`.",
        advice="Set the method name tensorflow/serving/predict.",
    ),
    Rule(
        "TGT411", "binary-output-name", Severity.NOTE, Fixable.ALWAYS,
        what="A string output of the signature does not end in _bytes.",
        why="TensorFlow Serving's REST API encodes an output in Base64 only where its name ends "
        "in _bytes; anything else must be UTF-8 text.",
        causes="An image or a serialised message is returned under a plain name.",
        example="output png: string[?]",
        fix="Where the output is binary: `sigfix repair MODEL --rename png=png_bytes`.",
        advice="Nothing is wrong where the output is text.",
    ),
    Rule(
        "TGT412", "same-padding-wrong", Severity.WARNING, Fixable.NEVER,
        what="A convolution with SAME padding steps over the end of its image.",
        why="TF.js's wasm backend (4.22) shifts the image then: the numbers are wrong and nothing "
        "reports it (an error in a TensorFlow.js model). The cpu and webgl backends are right.",
        causes="The stride is larger than the kernel and the last window ends before the image "
        "does, as in a 1x1 convolution with stride 2 on an even number of rows.",
        example="Conv2D with SAME padding, kernel 1x1, stride 2x2, image 56x56",
        fix="`sigfix convert MODEL --tfjs` writes the padding out and proves that the numbers stay "
        "the same.",
        advice="Use the cpu or webgl backend, or make the padding explicit in the original model.",
    ),
    Rule(
        "TGT413", "keeps-state", Severity.ERROR, Fixable.NEVER,
        what="An output is computed from a variable that the same signature changes.",
        why="A TensorFlow.js graph model has functions of their inputs only: its variables are "
        "constants.",
        causes="A counter, a recurrent state that is kept between calls, the seed of a random "
        "generator, statistics that a training mode updates.",
        example="incr_counter returns AssignAdd of a variable",
        fix="`sigfix convert MODEL --state io` makes what is read and assigned an input and an "
        "output. Or export it without (training=False, stateful=False).",
        advice="Export it without its state (training=False, stateful=False), or convert it with "
        "--state io.",
    ),
    Rule(
        "TGT414", "table-lookup", Severity.WARNING, Fixable.NEVER,
        what="An output is looked up in a table.",
        why="TensorFlow.js looks things up asynchronously, so the model runs with executeAsync "
        "only. `sigfix convert` takes the table along; tensorflowjs_converter loses many.",
        causes="Words or classes become numbers, or numbers words, inside the model: "
        "StringLookup, TextVectorization, tf.lookup.StaticHashTable.",
        example="LookupTableFindV2 in front of an embedding",
        fix="Nothing is wrong where executeAsync will do. Else look the values up in JavaScript "
        "(the vocabulary is a list), and export the model from the numbers on.",
        advice="Call the model with executeAsync, or look the values up in JavaScript.",
    ),
    Rule(
        "TGT415", "strings-in-operator", Severity.ERROR, Fixable.SOMETIMES,
        what="The target has an operator for numbers, but not for the strings that it gets here.",
        why="TensorFlow.js loads the model and stops at the first prediction: \"must be numeric "
        "tensor, but got string tensor\". Strings that are compared with each other are compared "
        "wrongly on its wasm backend, and nothing reports it.",
        causes="The model returns names of classes beside their numbers, or compares two strings.",
        example="SelectV2 of class names in output class_names",
        fix="`sigfix repair MODEL --drop-output class_names`, and name the classes in JavaScript.",
        advice="Leave the texts out of the signature with --drop-output, and name the classes in "
        "JavaScript.",
    ),
    Rule(
        "TGT416", "fake-quantisation-ignored", Severity.WARNING, Fixable.NEVER,
        what="The graph rounds values as a quantised model would, which the target does not do.",
        why="TensorFlow.js passes them through FakeQuantWithMinMaxVars as they are: the numbers "
        "are not the model's, and nothing reports it (in a TensorFlow.js model an error).",
        causes="Training aware of quantisation, exported before it was converted for TFLite.",
        example="FakeQuantWithMinMaxVars after each activation",
        fix="`sigfix convert MODEL --tfjs` writes the rounding out, and proves that the numbers "
        "stay the same.",
        advice="Convert it from its source: `convert --tfjs` writes the rounding out.",
    ),
    Rule(
        "TGT417", "composite-signature", Severity.ERROR, Fixable.SOMETIMES,
        what="The signature has a ragged or sparse tensor, and the target has dense ones only.",
        why="A TensorFlow.js model is fed and answers with plain tensors: the parts of a ragged "
        "one (values and row splits) have no names that a caller could use.",
        causes="tf.strings.split, tf.RaggedTensor or tf.SparseTensor as the last step of a "
        "function.",
        example="output tokens: RaggedTensor(string[?,?])",
        fix="`sigfix repair MODEL --function __call__` makes a signature of its parts, "
        "tokens_values and tokens_row_splits; `sigfix convert` takes that.",
        advice="In the original code, return plain tensors, such as tokens.to_tensor().",
    ),
    Rule(
        "TGT418", "complex-in-operator", Severity.ERROR, Fixable.SOMETIMES,
        what="The target has an operator for real numbers, but not for the complex ones here.",
        why="TensorFlow.js loads the model and stops at the first prediction: \"complex64 tensors "
        "are not supported\". `sigfix convert` writes those that it can with real and imaginary "
        "parts.",
        causes="A spectrum is worked on after tf.signal.rfft or tf.signal.stft, before its size is "
        "taken.",
        example="Exp of complex64 in output phase",
        fix="In the original model, compute with tf.math.real and tf.math.imag, or return the "
        "spectrum.",
        advice="Compute with real and imaginary parts, or leave the output out with --drop-output.",
    ),
)  # fmt: skip
