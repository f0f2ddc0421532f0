"""Messages of converters that are about more than operators: tfjs, TFLite, tf2onnx, OpenVINO."""

from __future__ import annotations

from sigfix.diagnosis.messages.row import KnownMessage

ROWS = (
    KnownMessage(
        "tensorflowjs_converter",
        r"has a SparseTensor on input/output|only supports (?:dict )?structured_outputs",
        ("SPC109",),
        "It takes dense tensors only, and returns a flat dictionary of them.",
    ),
    KnownMessage(
        "tensorflowjs_converter",
        r"Unsupported input_format ?- ?output_format pair",
        (),
        "A SavedModel can become a graph model and no layers model: it has no layers any more.",
        "`sigfix convert MODEL --tfjs`, and tf.loadGraphModel in the page.",
    ),
    KnownMessage(
        "tensorflowjs_converter",
        r"No such file or directory: ['\"]?tensorflowjs_converter"
        r"|tensorflowjs_converter['\"]?:? (?:command )?not found",
        (),
        "The package tensorflowjs is not installed in this environment.",
        "`sigfix convert MODEL --tfjs` writes the same format.",
    ),
    KnownMessage(
        "TensorFlow, tensorflowjs_converter",
        r"AssertionError: \S+ is not in graph|refers to an Operation not in the graph"
        r"|The name ['\"].*['\"] refers to a Tensor which does"
        r" not exist|specified in either feed_devices or fetch_devices was not found",
        ("SPC107", "TGT414"),
        "A tensor that was named is not in the graph. tensorflowjs_converter says it of models "
        "with lookup tables, too, whose outputs it loses.",
        "`sigfix inspect MODEL` says whether a signature names it.",
    ),
    KnownMessage(
        "TensorFlow",
        r"AssignVariableOp was passed \w+ from .*incompatible with expected resource"
        r"|was passed \w+ from \S+ incompatible with expected (?:resource|\w+_ref)"
        r"|Cannot convert a tensor of type \w+ to an input of type \w+_ref",
        ("BEH303", "TGT413"),
        "The signature changes a variable, and freezing has made that variable a constant.",
        "`sigfix inspect MODEL` names the signature; keep the state outside the model, or export "
        "for inference.",
    ),
    KnownMessage(
        "TFLite",
        r"Only support (?:at least one|a single) signature key",
        ("SIG001", "SIG003"),
        "The model has no signature, or several and none was named.",
        "`sigfix repair MODEL` makes one; signature_keys=['KEY'] names one.",
    ),
    KnownMessage(
        "TFLite",
        r"can only convert a single ConcreteFunction",
        ("SIG004", "SIG006"),
        "One function has to be chosen.",
        "from_saved_model(MODEL, signature_keys=['serving_default']) takes one signature; "
        "`sigfix inspect MODEL` lists them.",
    ),
    KnownMessage(
        "TFLite",
        r"None is only supported in the 1st dimension|has invalid shape .*None"
        r"|Please provide a fixed shape"
        r"|(?:TFLite|tflite|delegate|converter).*dynamic (?:shape|dimension|-sized)",
        ("SPC102", "SPC101"),
        "An input's shape is not static.",
        "`sigfix repair MODEL --input 'x=float32[1,224,224,3]'`",
    ),
    KnownMessage(
        "TFLite",
        r"Model provided is schema version \d+ not equal to supported version",
        (),
        "The file is no TFLite model: most often a frozen graph or SavedModel that was renamed.",
        "`sigfix inspect FILE` says what it is.",
    ),
    KnownMessage(
        "OpenVINO",
        r"is not fully defined for output \d+ of|Use --input_shape with positive integers",
        ("SPC102", "SPC101"),
        "An input's shape is open, and the Model Optimizer wants numbers.",
        "`sigfix repair MODEL --input 'x=float32[1,224,224,3]'`",
    ),
    KnownMessage(
        "OpenVINO",
        r"Cannot infer shapes or values for node",
        ("SPC102", "SPC101"),
        "The shapes do not follow from the inputs' shapes; the lines around it say where. Open or "
        "unknown shapes are the usual reason.",
        "`sigfix repair MODEL --input 'x=float32[1,224,224,3]'` makes them static.",
    ),
    KnownMessage(
        "OpenVINO, Core ML",
        r"\[ ERROR \] Graph contains a cycle|Graph has cycles",
        ("TGT404",),
        "The graph has a loop, as recurrent layers and TF1 detectors have; this converter takes "
        "none.",
    ),
    KnownMessage(
        "OpenVINO",
        r"SavedModel format load failure|Cannot load input model",
        ("CON202", "SIG001", "CON214"),
        "The SavedModel could not be loaded; the reason follows in the message.",
    ),
    KnownMessage(
        "tf2onnx",
        r"No signatures found in model",
        ("SIG001", "SIG005"),
        "The SavedModel has no signature to convert.",
        "`sigfix repair MODEL` makes one.",
    ),
    KnownMessage(
        "tf2onnx",
        r"doesn't contain usable concrete functions under\s+__call__",
        ("SIG005", "SIG001"),
        "The root object has no traced __call__.",
    ),
    KnownMessage(
        "tf2onnx",
        r"Cannot load multiple signature defs",
        ("SIG004", "SIG003"),
        "One signature has to be named with --signature_def.",
    ),
    KnownMessage(
        "tf2onnx",
        r"local variable 'concrete_func' referenced before assignment",
        ("SIG001",),
        "The SavedModel has no signature to convert.",
        "`sigfix repair MODEL` makes one.",
    ),
    KnownMessage(
        "TFLite",
        r"Cannot set tensor: (?:Got value of type|Dimension mismatch)",
        (),
        "The array has another dtype or shape than the input of the TFLite model.",
        "interpreter.get_input_details() says them; numpy.asarray(x, dtype) and x[None] make them.",
    ),
    KnownMessage(
        "TFLite",
        r"Didn't find op for builtin opcode",
        (),
        "The interpreter is older than the converter that wrote the file.",
        "Use a newer TFLite runtime, or convert with the version that the device has.",
    ),
    KnownMessage(
        "TensorFlow",
        r"Cannot take the length of [Ss]hape with unknown rank|unknown rank.*not supported",
        ("SPC101",),
        "A tensor has an unknown rank where a known one is needed.",
        "`sigfix repair MODEL --input 'NAME=float32[?,224,224,3]'` writes the shape down.",
    ),
    KnownMessage(
        "TensorFlow",
        r"input must be \d-dimensional\s*\[[\d,]*\]",
        (),
        "The array that is fed has another number of axes than the model takes; most often the "
        "batch is missing.",
        "`sigfix inspect MODEL` says the shape; x[None] adds the batch.",
    ),
)
