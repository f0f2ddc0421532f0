"""Messages of TensorFlow Serving and Triton."""

from __future__ import annotations

from sigfix.diagnosis.messages.row import KnownMessage
from sigfix.diagnosis.messages.signatures import NO_DEFAULT, WHICH_KEY

SERVING = "`sigfix inspect MODEL --target serving` says what a server would refuse."

ROWS = (
    KnownMessage(
        "TensorFlow Serving",
        r"Serving signature (?:name: .*|key .*)?not found|[Dd]efault serving signature"
        r"|Serving signature name:",
        NO_DEFAULT,
        "The request names a signature that the model does not have.",
        WHICH_KEY,
    ),
    KnownMessage(
        "TensorFlow Serving",
        r"Expected (?:\w+) signature method_name|Expected .* method_name to be one of"
        r"|[Mm]ethod.?name.*tensorflow/serving/",
        ("SIG010", "TGT410", "SIG011"),
        "The signature's method name does not fit the call.",
        "`sigfix repair MODEL --method-name tensorflow/serving/predict`",
    ),
    KnownMessage(
        "TensorFlow Serving",
        r"No versions of servable|leaf directory as a number",
        ("TGT409",),
        "The base path must hold a directory whose name is a number, and the model in it.",
        "Move the model one level down, to BASE/1/, and serve BASE.",
    ),
    KnownMessage(
        "TensorFlow Serving",
        r"Could not find base path .* for servable",
        ("CON215", "TGT409"),
        "The server sees nothing at this path: inside a container that is the mounted folder.",
        "Mount the folder above the numbered one (-v $PWD/half:/models/half), and give it as "
        "--model_base_path.",
    ),
    KnownMessage(
        "TensorFlow Serving",
        r"Servable not found for request",
        ("TGT409",),
        "The server has no model of this name: the request names another than --model_name, or "
        "loading failed, which its log says above.",
        "Ask http://HOST:8501/v1/models/NAME for the model's state. " + SERVING,
    ),
    KnownMessage(
        "TensorFlow Serving",
        r"input tensor alias not found in signature|Inputs expected to be in the set"
        r"|Missing named input|does not have named input",
        ("SPC104",),
        "The request names an input that the signature does not have; the set that the message "
        "shows is what it has.",
        "Use those names, or `sigfix repair MODEL --rename OLD=NEW`.",
    ),
    KnownMessage(
        "TensorFlow Serving",
        r"input size does not match signature",
        (),
        "The request gives more or fewer inputs than the signature has.",
        "Give each of them. One that no caller should give, such as is_training, is fixed by "
        "`sigfix repair MODEL --bind NAME=false`.",
    ),
    KnownMessage(
        "TensorFlow Serving",
        r"JSON Value: .*is not of expected type|Missing ['\"]inputs['\"] or ['\"]instances['\"] key"
        r"|Encountered list at unexpected|has inconsistent batch size",
        (),
        "The request's JSON has another form than the input: an object where numbers are "
        "expected, or numbers in another nesting.",
        'Send {"instances": [...]} with arrays as nested lists; {"b64": ...} is for string '
        "inputs alone. `sigfix inspect MODEL` says the dtypes and shapes.",
    ),
    KnownMessage(
        "Triton",
        r"unable to find serving signature",
        ("SIG002", "SIG003"),
        "Triton found no serving_default and takes another signature, whichever comes first.",
        "`sigfix repair MODEL --from KEY` says which is meant.",
    ),
    KnownMessage(
        "Triton",
        r"expected ['\"]?serving_default['\"]? signature",
        NO_DEFAULT,
        "Triton takes the signature serving_default, and there is none.",
        WHICH_KEY,
    ),
    KnownMessage(
        "Triton",
        r"unexpected inference (?:input|output) ['\"]",
        ("SPC104", "SIG004"),
        "config.pbtxt, the request and the signature have different names.",
        "`sigfix inspect MODEL` lists the signature's names: use them, or `sigfix repair MODEL "
        "--rename OLD=NEW`.",
    ),
    KnownMessage(
        "Triton",
        r"unexpected shape for (?:input|output) ['\"]",
        (),
        "The request's shape is not what the model, or config.pbtxt, declares.",
        "Send the declared shape, or open it in the model: "
        "`sigfix repair MODEL --input 'image=float32[?,?,?,3]'`",
    ),
    KnownMessage(
        "Triton",
        r"unexpected datatype \w+ for (?:input|output)"
        r"|expected \d+ inputs but got \d+ inputs for model",
        (),
        "config.pbtxt declares other inputs or data types than the model has.",
        "`sigfix inspect MODEL` lists them: correct config.pbtxt.",
    ),
    KnownMessage(
        "Triton",
        r"cannot have empty reshape for non-batching model",
        (),
        "An input or output is a scalar, and Triton's configuration has no form for one. It is "
        "often a switch such as is_training.",
        "`sigfix repair MODEL --bind NAME=false` fixes it at a value.",
    ),
    KnownMessage(
        "Triton",
        r"unexpected input format FORMAT_NONE",
        (),
        "A client for images wants the input's format in config.pbtxt, which TensorFlow models "
        "do not say themselves.",
        "Add format: FORMAT_NHWC to the input in config.pbtxt.",
    ),
    KnownMessage(
        "TensorFlow Serving",
        r"Malformed request: (?:POST|GET) /v\d+/",
        (),
        "The address of the request is not one of the server's.",
        "POST to /v1/models/NAME:predict, where NAME is --model_name.",
    ),
    KnownMessage(
        "Triton",
        r"unable to find .*model\.savedmodel|model\.savedmodel.* (?:not found|does not exist)",
        ("TGT409", "CON215"),
        "Triton looks for the SavedModel in NAME/1/model.savedmodel/.",
        "Copy the directory that holds saved_model.pb there, under exactly that name.",
    ),
    KnownMessage(
        "TensorFlow",
        r"Could not parse example input|Key: .*\.\s+(?:Can't parse serialized Example|Data types "
        r"don't match)",
        (),
        "The signature takes serialized tf.Example messages, and gets something else.",
        "Serialize each example (tf.train.Example(...).SerializeToString()). `sigfix inspect "
        "MODEL` lists the features, and the signatures that take plain tensors.",
    ),
)
