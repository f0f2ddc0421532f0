"""Well-known error messages of other tools, and the finding behind each.

A row is a tool, a regular expression, the codes (the most likely first), and what the tool means
by it. The first row that matches wins, so the specific ones come first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class KnownMessage:
    """An error message of another program."""

    tool: str
    pattern: str
    codes: tuple[str, ...]
    meaning: str


_NO_DEFAULT = ("SIG002", "SIG003", "SIG001")

MESSAGES = (
    KnownMessage(
        "tensorflowjs_converter",
        r"Signature ['\"]?([^'\"]+)['\"]? does not exist",
        _NO_DEFAULT,
        "It asked the SavedModel for a signature of this name and there is none.",
    ),
    KnownMessage(
        "tensorflowjs_converter",
        r"Signature ['\"]?([^'\"]+)['\"]? is missing from meta graph",
        ("SIG002", "SIG003", "CON203"),
        "It asked a TF1 or TF-Hub graph for a signature of this name and there is none.",
    ),
    KnownMessage(
        "TensorFlow, tensorflowjs_converter",
        r"KeyError: ['\"](?:serving_default|predict|default)['\"]",
        _NO_DEFAULT,
        "model.signatures has no entry of this name.",
    ),
    KnownMessage(
        "tensorflowjs_converter",
        r"Unsupported Ops (?:in the model )?(?:before|after) optimization",
        ("TGT401", "BEH307"),
        "The graph has operators that TF.js does not know.",
    ),
    KnownMessage(
        "tensorflowjs_converter",
        r"has a SparseTensor on input/output|only supports (?:dict )?structured_outputs",
        ("SPC109",),
        "It takes dense tensors only, and returns a flat dictionary of them.",
    ),
    KnownMessage(
        "TensorFlow.js",
        r"Kernel ['\"]?\w+['\"]? not registered for backend",
        ("TGT402",),
        "This backend has no kernel for an operator of the model.",
    ),
    KnownMessage(
        "TensorFlow.js",
        r"Unknown op ['\"]?\w+",
        ("TGT401", "BEH304"),
        "The graph model holds an operator that TF.js does not know.",
    ),
    KnownMessage(
        "TensorFlow.js",
        r"which has the dynamic op|use model\.executeAsync\(\)",
        ("TGT404",),
        "The graph has control flow, which only the asynchronous executor runs.",
    ),
    KnownMessage(
        "TensorFlow.js",
        r"keys: \[.*\] that are not part of graph",
        ("SPC108", "SPC104"),
        "A tensor was passed under a name that the converted graph does not have: it was renamed, "
        "or pruned because no output depends on it.",
    ),
    KnownMessage(
        "TensorFlow.js",
        r"The shape of dict\[.*\] provided in model\.execute",
        ("SPC101", "SPC102"),
        "The tensor's shape is not what the model declares.",
    ),
    KnownMessage(
        "TensorFlow.js",
        r"The dtype of dict\[.*\] provided in model\.execute",
        ("TGT406", "SPC104"),
        "The tensor's dtype is not what the model declares: tf.cast it first.",
    ),
    KnownMessage(
        "TensorFlow.js",
        r"does not currently support NCHW|dataFormat of NHWC but got NCHW",
        ("TGT403",),
        "The convolution is in channels-first layout, which TF.js does not compute.",
    ),
    KnownMessage(
        "TensorFlow, tf2onnx, OpenVINO",
        r"MetaGraphDef associated with tags? .*could not be found"
        r"|Could not find meta graph def matching supplied tags"
        r"|but got an incompatible argument [`']?tags",
        ("CON202", "CON203", "CON201"),
        "No MetaGraph has exactly the tags that were asked for.",
    ),
    KnownMessage(
        "TensorFlow",
        r"requires a [`'\"]?tags=[`'\"]? argument if there is more than one MetaGraph",
        ("CON201", "CON212"),
        "The model has several MetaGraphs, or none at all.",
    ),
    KnownMessage(
        "TensorFlow",
        r"SavedModel file does not exist at",
        ("CON215", "CON210"),
        "There is no saved_model.pb in this directory.",
    ),
    KnownMessage(
        "TensorFlow",
        r"(?:Cannot parse file .*saved_model|Error parsing message)",
        ("CON214", "CON211", "CON212"),
        "saved_model.pb is damaged, a Git-LFS pointer, or something else.",
    ),
    KnownMessage(
        "TensorFlow, TensorFlow Serving",
        r"Op type not registered",
        ("BEH304", "CON213"),
        "The graph uses an operator that this program does not have.",
    ),
    KnownMessage(
        "TensorFlow, Triton",
        r"NodeDef mentions attr .* not in Op",
        ("CON213",),
        "The model was written by a newer TensorFlow than the one that loads it.",
    ),
    KnownMessage(
        "TensorFlow",
        r"Could not find matching (?:concrete )?function to call loaded from the SavedModel",
        ("SIG006", "SPC103"),
        "The arguments match none of the traces that were saved.",
    ),
    KnownMessage(
        "TensorFlow",
        r"_UserObject'? object (?:is not callable|has no attribute)|no attribute '__call__'",
        ("SIG005", "SIG001"),
        "A loaded model has the functions that were traced, and no other method.",
    ),
    KnownMessage(
        "TensorFlow",
        r"[Tt]able not initialized",
        ("BEH302",),
        "A lookup table was never filled.",
    ),
    KnownMessage(
        "TensorFlow",
        r"not an sstable \(bad magic number\)|Checksum does not match|Data loss",
        ("CON206",),
        "The variables files are damaged.",
    ),
    KnownMessage(
        "TensorFlow",
        r"Failed to find any matching files for .*variables"
        r"|Error while reading resource variable|variable was uninitialized"
        r"|variables\.data-\d+-of-\d+; No such file",
        ("CON204",),
        "The variables files are missing, so the weights cannot be restored.",
    ),
    KnownMessage(
        "TensorFlow",
        r"callback ['\"]?pyfunc_\d+['\"]? is not found|pyfunc",
        ("BEH305",),
        "The graph calls a Python function that exists only where the model was made.",
    ),
    KnownMessage(
        "TensorFlow",
        r"not in graph|The name ['\"].*['\"] refers to a Tensor which does not exist"
        r"|Tensor .*, specified in either feed_devices or fetch_devices was not found",
        ("SPC107",),
        "A tensor that the signature names is not in the graph.",
    ),
    KnownMessage(
        "TensorFlow",
        r"Conv2DCustomBackpropInputOp only supports NHWC|supports NHWC tensor format",
        ("TGT403",),
        "The CPU kernels compute channels-last only.",
    ),
    KnownMessage(
        "TensorFlow Serving",
        r"Serving signature (?:name: .*|key .*)?not found|[Dd]efault serving signature"
        r"|signature_name.*not found|Serving signature name:",
        _NO_DEFAULT,
        "The request names a signature that the model does not have.",
    ),
    KnownMessage(
        "TensorFlow Serving",
        r"Expected (?:\w+) signature method_name|[Mm]ethod name .* (?:is not|must be)"
        r"|Expected .* method_name to be one of",
        ("SIG010", "SIG011"),
        "The signature's method name does not fit the call.",
    ),
    KnownMessage(
        "TensorFlow Serving",
        r"No versions of servable|Could not find base path",
        ("CON210", "CON215"),
        "The base path must hold numbered version directories.",
    ),
    KnownMessage(
        "TensorFlow Serving",
        r"input tensor alias not found in signature|Missing named input",
        ("SPC104",),
        "The request names an input that the signature does not have.",
    ),
    KnownMessage(
        "Triton",
        r"expected ['\"]?serving_default['\"]? signature"
        r"|unable to find serving signature ['\"]?serving_default",
        _NO_DEFAULT,
        "Triton takes the signature serving_default, or any other at random.",
    ),
    KnownMessage(
        "Triton",
        r"unexpected inference (?:input|output) ['\"]",
        ("SPC104", "SIG004"),
        "config.pbtxt and the chosen signature have different names.",
    ),
    KnownMessage(
        "tf2onnx",
        r"No signatures found in model",
        ("SIG001", "SIG005"),
        "The SavedModel has no signature to convert.",
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
    ),
    KnownMessage(
        "TFLite",
        r"Only support (?:at least one|a single) signature key",
        ("SIG001", "SIG003"),
        "The model has no signature, or several and none was named.",
    ),
    KnownMessage(
        "TFLite",
        r"can only convert a single ConcreteFunction",
        ("SIG004", "SIG006"),
        "One function has to be chosen.",
    ),
    KnownMessage(
        "TFLite",
        r"None is only supported in the 1st dimension|has invalid shape .*None"
        r"|Please provide a fixed shape|dynamic (?:shape|dimension)",
        ("SPC102", "SPC101"),
        "An input's shape is not static.",
    ),
    KnownMessage(
        "TFLite",
        r"Some ops (?:are not supported by the native TFLite runtime|in the model are custom ops)"
        r"|neither a custom op nor a flex op",
        ("TGT401", "BEH304"),
        "The graph has operators that TFLite does not have.",
    ),
    KnownMessage(
        "OpenVINO",
        r"SavedModel format load failure|Cannot load input model",
        ("CON202", "SIG001", "CON214"),
        "The SavedModel could not be loaded; the reason follows in the message.",
    ),
    KnownMessage(
        "OpenVINO",
        r"No conversion rule found for operations?|Cannot convert operation",
        ("TGT401", "BEH304"),
        "The graph has operators that OpenVINO does not have.",
    ),
)


def recognise(text: str) -> KnownMessage | None:
    """The first known message that occurs in `text`, a line or a whole traceback."""
    flat = re.sub(r"\s+", " ", text)
    return next((row for row in MESSAGES if re.search(row.pattern, flat)), None)
