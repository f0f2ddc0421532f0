"""Messages of TensorFlow.js where it loads and runs a model."""

from __future__ import annotations

from sigfix.diagnosis.messages.row import KnownMessage

AS_GRAPH = (
    "Convert it to a graph model, which needs no layers: `sigfix repair FILE.keras -o MODEL`, "
    "then `sigfix convert MODEL --tfjs`, and tf.loadGraphModel in the page."
)

ROWS = (
    KnownMessage(
        "TensorFlow.js",
        r"either a [`'\"]?batchInputShape|must get an [`'\"]?inputShape",
        (),
        "tf.loadLayersModel reads what Keras 2 writes, and this model.json is of Keras 3, or of a "
        "model whose first layer has no shape.",
        AS_GRAPH,
    ),
    KnownMessage(
        "TensorFlow.js",
        r"Provided weight data has no target variable",
        (),
        "The weights have other names than the layers: tf.loadLayersModel reads what Keras 2 "
        "writes, and this model is of Keras 3.",
        AS_GRAPH,
    ),
    KnownMessage(
        "TensorFlow.js",
        r"Error: Shape mismatch: \[[\d,]*\] vs\. \[[\d,]*\]",
        (),
        "A layer of TF.js has weights of another shape than Keras wrote, as recurrent layers of "
        "newer versions have.",
        AS_GRAPH,
    ),
    KnownMessage(
        "TensorFlow.js",
        r"(?<!ValueError: )Unknown (?:layer|initializer|regularizer|constraint|activation): "
        r"['\"]?\w+['\"]?(?:\.|\Z| This may be)(?! Please ensure)",
        (),
        "tf.loadLayersModel has no layer of this name: TF.js has a part of Keras' layers.",
        AS_GRAPH + " What TF.js has no operators for (text) stays outside the model.",
    ),
    KnownMessage(
        "TensorFlow.js",
        r"(?:reading|property) ['\"]?producer|graph\.versions\.producer"
        r"|GraphDef['\"]? has no field named ['\"]?class_name",
        (),
        "The model.json is a layers model, and it was opened as a graph model.",
        "Load it with tf.loadLayersModel; or make a graph model of the Keras file. " + AS_GRAPH,
    ),
    KnownMessage(
        "TensorFlow.js",
        r"which has the dynamic op|use model\.executeAsync\(\)|please use executeAsync",
        ("TGT404",),
        "The graph has loops, branches or results of unknown size, which only the asynchronous "
        "executor runs.",
        "Call `await model.executeAsync(inputs)`. `sigfix inspect MODEL --target tfjs` names "
        "what makes it so.",
    ),
    KnownMessage(
        "TensorFlow.js",
        r"Cannot compute the outputs .*Consider providing the following inputs: \[\]",
        ("TGT404",),
        "No input is missing: the executor does not get through the graph's control flow.",
        "`sigfix convert MODEL --tfjs` writes the control flow anew, and runs the result in "
        "TensorFlow.js before it publishes it.",
    ),
    KnownMessage(
        "TensorFlow.js",
        r"Cannot compute the outputs|Missing the following inputs",
        (),
        "The outputs need inputs that were not given; the message lists them.",
        "Give them by name: model.execute({NAME: tensor}). `sigfix inspect model.json` lists the "
        "model's inputs.",
    ),
    KnownMessage(
        "TensorFlow.js",
        r"keys: \[.*\] that are not part of graph",
        ("SPC108", "SPC104"),
        "A tensor was passed under a name that the converted graph does not have: it was renamed, "
        "or pruned because no output depends on it.",
        "`sigfix inspect model.json` lists the names that it has.",
    ),
    KnownMessage(
        "TensorFlow.js",
        r"Input tensor count mismatch",
        ("SPC108",),
        "The converted graph has more inputs than were passed, often a switch such as is_training.",
        "Pass all of them by name, or fix the switch before converting: "
        "`sigfix repair MODEL --bind NAME=false`",
    ),
    KnownMessage(
        "TensorFlow.js",
        r"The shape of dict\[.*\] provided in model\.execute",
        (),
        "The tensor's shape is not what the model declares; most often the batch is missing.",
        "tensor.expandDims(0) adds the batch. Another size must be allowed by the model: "
        "`sigfix repair MODEL --input 'image=float32[?,224,224,3]'`",
    ),
    KnownMessage(
        "TensorFlow.js",
        r"The dtype of dict\[.*\] provided in model\.execute",
        ("TGT406", "SPC104"),
        "The tensor's dtype is not what the model declares.",
        "tf.cast it in the page, or in the model: "
        "`sigfix repair MODEL --input 'image=float32[?,224,224,3]'`",
    ),
    KnownMessage(
        "TensorFlow.js, TensorFlow",
        r"does not currently support NCHW|dataFormat of (?:NHWC but got NCHW|NCHW but only NHWC)"
        r"|Conv2DCustomBackpropInputOp only supports NHWC|supports NHWC tensor format"
        r"|only supports? (?:the )?NHWC",
        ("TGT403",),
        "A convolution is in channels-first layout, which TF.js and TensorFlow's CPU kernels do "
        "not compute.",
        "`sigfix convert MODEL --tfjs` writes it channels-last.",
    ),
    KnownMessage(
        "TensorFlow.js, TensorFlow",
        r"is_training=(?:false|False), mean must have the same number of elements",
        ("BEH301",),
        "A batch normalisation was exported in training mode, without the statistics that "
        "inference needs.",
        "Export for inference (training=False); of a Keras file `sigfix repair FILE.keras` does.",
    ),
    KnownMessage(
        "TensorFlow.js",
        r"must be (?:a )?numeric tensor, but got string tensor",
        ("TGT415", "TGT406"),
        "An operator of the model gets texts, which TF.js has for few operators.",
        "`sigfix repair MODEL --drop-output NAME` leaves an output of texts out.",
    ),
    KnownMessage(
        "TensorFlow.js",
        r"Based on the provided shape, \[.*\], the tensor should have \d+ values but has \d+",
        (),
        "A tensor has more or fewer values than its shape. While a model is loaded: a weights file "
        "is cut off, or is another model's. In a call: the shape that the page gives is wrong.",
        "`sigfix inspect model.json` compares the weights files with their sizes.",
    ),
    KnownMessage(
        "TensorFlow.js",
        r"Requested texture size .*(?:invalid|greater than WebGL)|Failed to compile fragment"
        r" shader|Failed to link vertex and fragment shaders",
        (),
        "The WebGL backend or the graphics driver cannot do one step of the model: a tensor is "
        "too large for a texture, or has a shape that does not fit.",
        "Try the wasm backend; `sigfix inspect MODEL --target tfjs-wasm` says what it lacks.",
    ),
    KnownMessage(
        "TensorFlow.js",
        r"must have a shape comprised of positive integers",
        (),
        "The page makes a tensor of a shape with an undefined or negative size.",
        "Look at what is passed as the shape; `sigfix inspect model.json` says what the model "
        "takes.",
    ),
    KnownMessage(
        "TensorFlow.js",
        r"Request to .*\.bin failed|GET .*\.bin.* 404|Failed to load resource.*\.bin",
        (),
        "The server did not give a weights file of the model.",
        "All files beside model.json belong to it: copy them to the same folder of the server. "
        "`sigfix inspect model.json` says which are missing.",
    ),
    KnownMessage(
        "TensorFlow.js",
        r"Unexpected token ['\"]?<['\"]?.*JSON"
        r"|verify this URL points to the model JSON|Failed to parse model JSON"
        r"|Request for .*model\.json.* failed",
        (),
        "The server gave no model.json at this address, but an error page or nothing.",
        "Open the address in the browser: the path, the server and CORS are at fault, not the "
        "model. `sigfix inspect model.json` looks at the file itself.",
    ),
    KnownMessage(
        "TensorFlow.js",
        r"Backend name ['\"]?\w+['\"]? not found in registry|No backend found in registry",
        (),
        "The page did not load this backend's package.",
        "Import @tensorflow/tfjs-backend-wasm (or -webgl) before tf.setBackend.",
    ),
)
