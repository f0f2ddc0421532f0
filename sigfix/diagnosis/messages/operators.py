"""Messages about operators that a program does not have."""

from __future__ import annotations

from sigfix.diagnosis.messages.row import KnownMessage

_NOT_REGISTERED = r"Op type not registered ['\"]?(\w+)"

ROWS = (
    KnownMessage(
        "TensorFlow, TFLite",
        r"SimpleML\w+",
        ("BEH304", "TGT401"),
        "The model is a TensorFlow Decision Forest: its operators are in that library, not in "
        "TensorFlow, and no converter has them.",
        "Import tensorflow_decision_forests before loading. In a browser, run it with "
        "ydf-inference or tfjs-tfdf.",
    ),
    KnownMessage(
        "TensorFlow",
        r"XlaCallModule(?:Op)?\b.*(?:version|deserialize)|XlaCallModuleOp with version",
        ("BEH307",),
        "The computation is a StableHLO module, written for another version of XLA than this "
        "TensorFlow has.",
        "Load it with the TensorFlow that the message asks for, or export again with JAX 0.4 and "
        "native_serialization=False.",
    ),
    KnownMessage(
        "TensorFlow, TensorFlow Serving",
        _NOT_REGISTERED,
        ("CON213",),
        "TensorFlow has this operator, and this program's TensorFlow does not: it is older than "
        "the one that wrote the model, or built without it.",
        "Use at least the TensorFlow that wrote the model; `sigfix inspect MODEL` names it.",
        of_tensorflow=True,
    ),
    KnownMessage(
        "TensorFlow, TensorFlow Serving",
        _NOT_REGISTERED,
        ("BEH304", "CON213"),
        "The graph uses an operator that this program does not have.",
        "Import the library that defines it (tensorflow_text, tensorflow_addons ...) before "
        "loading, or a server that was built with it.",
        of_tensorflow=False,
    ),
    KnownMessage(
        "TensorFlow",
        r"KeyError: ['\"]?((?:Sentencepiece|Ragged|Regex|CaseFold|Normalize|Whitespace|Wordpiece|"
        r"Fast)\w*(?:Op|UTF8|Split\w*|Tokenize\w*|Resource|V\d)\w*|[A-Z]\w+UTF8|"
        r"(?:Addons|IO|TFText)>\w+)['\"]?",
        ("BEH304",),
        "The graph uses an operator of a library that was not imported.",
        "Import the library that defines it (tensorflow_text, tensorflow_addons ...) before "
        "loading.",
        of_tensorflow=False,
    ),
    KnownMessage(
        "TensorFlow",
        r"KeyError: ['\"]?([A-Z][A-Za-z]{4,}V\d)['\"]?",
        ("CON213",),
        "The graph uses an operator that a newer TensorFlow has than this one.",
        "Use at least the TensorFlow that wrote the model; `sigfix inspect MODEL` names it.",
        of_tensorflow=True,
    ),
    KnownMessage(
        "TensorFlow, Triton",
        r"NodeDef (?:mentions attr .* not in Op|missing attr|expected inputs)",
        ("CON213",),
        "The model was written by a newer TensorFlow than the one that loads it.",
    ),
    KnownMessage(
        "TensorFlow, Triton",
        r"No OpKernel was registered to support Op ['\"]?\w+"
        r"|Could not find compiled .*kernel for (?:Op|node)",
        ("BEH304", "CON213"),
        "The operator is known and this build has no kernel for it on this device or dtype.",
        "Load it on the CPU, or in the build that it was made for.",
    ),
    KnownMessage(
        "tensorflowjs_converter",
        r"Unsupported Ops (?:in the model )?(?:before|after) optimization",
        ("TGT401", "BEH307"),
        "The graph has operators that TF.js does not know.",
        "`sigfix inspect MODEL --target tfjs` says which part needs them; `sigfix convert MODEL "
        "--tfjs` rewrites some.",
    ),
    KnownMessage(
        "TensorFlow.js",
        r"Unknown op ['\"]\w+['\"]",
        ("TGT401", "BEH304"),
        "The graph model holds an operator that TF.js does not know.",
        "`sigfix inspect MODEL --target tfjs` says which part needs it. Text is best turned into "
        "numbers outside the model.",
    ),
    KnownMessage(
        "TensorFlow.js",
        r"Kernel ['\"]?\w+['\"]? not registered for backend"
        r"|not yet implemented or not found in the registry",
        ("TGT402",),
        "This backend has no kernel for an operator of the model, or the page's bundle left it "
        "out.",
        "`sigfix inspect MODEL --target tfjs-wasm` (or tfjs-webgl) lists what a backend lacks; "
        "`sigfix convert MODEL --tfjs` replaces what it can.",
    ),
    KnownMessage(
        "TFLite",
        r"Flex delegate|unresolved custom op: Flex|contains the following [Ff]lex op"
        r"|enable TF kernels fallback|TF Select|SELECT_TF_OPS|FlexDelegate",
        ("TGT408",),
        "The model has operators that TFLite runs only with TensorFlow's own kernels linked in.",
        "`sigfix inspect MODEL --target tflite` lists them.",
    ),
    KnownMessage(
        "TFLite",
        r"Encountered unresolved custom op",
        ("BEH304", "TGT401"),
        "The model has an operator of somebody's own, which this interpreter does not have.",
    ),
    KnownMessage(
        "TFLite",
        r"Some ops (?:are not supported by the native TFLite runtime|in the model are custom ops)"
        r"|neither a custom op nor a flex op",
        ("TGT401", "BEH304"),
        "The graph has operators that TFLite does not have.",
        "`sigfix inspect MODEL --target tflite` lists them.",
    ),
    KnownMessage(
        "tf2onnx",
        r"Tensorflow op \[.*\] is not supported|Unsupported ops: Counter",
        ("TGT401", "BEH304"),
        "The graph has operators that tf2onnx cannot write for this opset.",
        "Try a newer --opset. `sigfix inspect MODEL --all` lists the operators; a signature that "
        "ends before them (`sigfix repair MODEL --output y=TENSOR`) leaves them out.",
    ),
    KnownMessage(
        "OpenVINO",
        r"No conversion rule found for operations?|OpenVINO.*Cannot convert operation"
        r"|OpConversionFailure|Model wasn't fully converted",
        ("TGT401", "BEH304"),
        "The graph has operators that OpenVINO does not have.",
    ),
    KnownMessage(
        "TensorFlow",
        r"callback ['\"]?pyfunc_\d+['\"]? is not found|No such callback: pyfunc_\d+"
        r"|'?pyfunc_\d+'? (?:is )?not found",
        ("BEH305",),
        "The graph calls a Python function that exists only where the model was made.",
    ),
)
