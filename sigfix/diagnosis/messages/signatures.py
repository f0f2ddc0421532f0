"""Messages about signatures, MetaGraphs, and calls of what was loaded."""

from __future__ import annotations

from sigfix.diagnosis.messages.row import KnownMessage

NO_DEFAULT = ("SIG002", "SIG003", "SIG001")
WHICH_KEY = "`sigfix inspect MODEL` lists the signatures; `sigfix repair MODEL` makes the default."
CALL_IT = (
    "Call it as model.signatures['serving_default'](NAME=tensor); `sigfix inspect MODEL` lists "
    "the names, dtypes and shapes. `sigfix repair MODEL --rename OLD=NEW` changes a name."
)

ROWS = (
    KnownMessage(
        "tensorflowjs_converter",
        r"available: KeysView\(_SignatureMap\(\{\}\)\)",
        ("SIG001", "SIG005"),
        "The list that the message shows is empty: the model has no signature at all.",
        "`sigfix repair MODEL` makes one of a function that the model has.",
    ),
    KnownMessage(
        "tensorflowjs_converter",
        r"available: KeysView\(_SignatureMap\(\{ ?['\"][^'\"]+['\"]: (?!.*, ['\"][^'\"]+['\"]: <)",
        ("SIG002",),
        "The model has one signature, under another name than was asked for.",
        "Pass its name with --signature_name, or `sigfix repair MODEL` makes it serving_default.",
    ),
    KnownMessage(
        "tensorflowjs_converter",
        r"available: KeysView\(_SignatureMap\(\{",
        ("SIG003", "SIG004"),
        "The model has several signatures, none under the name that was asked for.",
        "Pass a name with --signature_name, or `sigfix repair MODEL --from KEY`.",
    ),
    KnownMessage(
        "tensorflowjs_converter",
        r"KeyError: ['\"]?None['\"]?(?!\w)",
        NO_DEFAULT,
        "--signature_name=None asks for a signature that is called None.",
        "Leave --signature_name out, or give the name of one that exists. " + WHICH_KEY,
    ),
    KnownMessage(
        "tensorflowjs_converter",
        r"[Ss]ignature ['\"]?([^'\"]+)['\"]? does (?:on|not) exist",
        NO_DEFAULT,
        "It asked the SavedModel for a signature of this name and there is none.",
        WHICH_KEY,
    ),
    KnownMessage(
        "tensorflowjs_converter",
        r"Signature ['\"]?([^'\"]+)['\"]? is missing from meta graph",
        ("SIG002", "SIG003", "CON203"),
        "It asked a TF1 or TF-Hub graph for a signature of this name and there is none.",
        WHICH_KEY,
    ),
    KnownMessage(
        "TensorFlow, tensorflowjs_converter",
        r"KeyError: ['\"]?(?:serving_\w+|detection_signature|predict_(?:images|object)"
        r"|tensorflow/serving/\w+)['\"]?(?!\w)"
        r"|(?:signatures\[|_SignatureMap|signature_serialization).*KeyError: ['\"]?\w+",
        NO_DEFAULT,
        "model.signatures has no entry of this name.",
        WHICH_KEY,
    ),
    KnownMessage(
        "TensorFlow",
        r"depends on a placeholder which is not an input|UnliftableError"
        r"|You must feed a value for placeholder tensor",
        ("SIG013",),
        "An output needs a placeholder that was given no value: the signature has no input for "
        "it, so no call can give one. It is often a switch such as is_training or keep_prob.",
        "`sigfix repair MODEL --bind NAME=false` fixes a switch at a value; `sigfix repair MODEL "
        "--input x:TENSOR` makes it an input.",
    ),
    KnownMessage(
        "TensorFlow",
        r"appears more than once in the input list",
        ("SPC106",),
        "Two inputs of a signature or function stand for one tensor.",
    ),
    KnownMessage(
        "TensorFlow, tf2onnx, OpenVINO",
        r"MetaGraphDef associated with tag(?:s|-set)? .*could not be found"
        r"|Could not find meta graph def matching supplied tags"
        r"|but got an incompatible argument [`']?tags",
        ("CON202", "CON203", "CON201"),
        "No MetaGraph has exactly the tags that were asked for: sets of tags are compared whole.",
        "`sigfix repair MODEL --set-tags serve` gives it the one that loaders ask for.",
    ),
    KnownMessage(
        "TensorFlow",
        r"there are 0 MetaGraphs",
        ("CON212", "CON214"),
        "The file holds no MetaGraph: it is no SavedModel, or an empty one.",
    ),
    KnownMessage(
        "TensorFlow",
        r"requires a [`'\"]?tags=[`'\"]? argument if there is more than one MetaGraph",
        ("CON201", "CON212"),
        "The model has several MetaGraphs, or none at all.",
        "`sigfix repair MODEL --tags serve --only-metagraph` keeps one.",
    ),
    KnownMessage(
        "TensorFlow",
        r"Could not find matching (?:concrete )?function to call loaded from the SavedModel",
        ("SIG006", "SPC103"),
        "The arguments match none of the traces that were saved.",
        "The message lists the traces. `sigfix repair MODEL` makes a signature of one, which is "
        "called with tensors by name.",
    ),
    KnownMessage(
        "Keras",
        r"because the input shapes? (?:have not been set|is not available)"
        r"|forward pass of the model is not defined"
        r"|Found zero restored functions for caller function"
        r"|has never been called and thus has no defined|It must be built before export"
        r"|Weights for model .* have not yet been created",
        ("SIG005",),
        "The model or a layer of it was never called, so there is no graph of it to save or to "
        "restore.",
        "Where it was made: call it once on a sample input, then save.",
    ),
    KnownMessage(
        "TensorFlow",
        r"(?:_UserObject|AutoTrackable)['\"]? object has no attribute ['\"]?add_slot",
        (),
        "The model was saved with its optimiser, which tf.saved_model.load rebuilds as a bare "
        "object.",
        "Load it with tf.keras.models.load_model, or save it without the optimiser "
        "(include_optimizer=False).",
    ),
    KnownMessage(
        "TensorFlow",
        r"(?:_UserObject|AutoTrackable)['\"]? object is not callable"
        r"|object has no attribute ['\"]?__call__",
        ("SIG001", "SIG005"),
        "tf.saved_model.load gives an object with the functions that were traced, and its own "
        "__call__ is none of them. Where it has signatures, they are what is called.",
        CALL_IT,
    ),
    KnownMessage(
        "TensorFlow",
        r"(?:_UserObject|AutoTrackable)['\"]? object has no attribute",
        (),
        "tf.saved_model.load gives no Keras model: it has the functions that were traced, and "
        "neither predict nor summary.",
        CALL_IT,
    ),
    KnownMessage(
        "TensorFlow",
        r"signature_wrapper\(.*\) (?:takes \d+ positional|missing required)"
        r"|signature_wrapper\(.*\) (?:got|expected) .*positional",
        (),
        "The function of a signature takes its inputs by name, as tensors, all of them.",
        CALL_IT,
    ),
    KnownMessage(
        "TensorFlow",
        r"signature_wrapper\(.*\) got (?:an )?unexpected keyword",
        ("SPC104",),
        "The signature has no input of this name; the message lists those that it has.",
        "`sigfix repair MODEL --rename OLD=NEW` gives an input the name that callers use.",
    ),
    KnownMessage(
        "TensorFlow",
        r"Structure of Python function inputs does not match input_signature"
        r"|Binding inputs to tf\.function failed"
        r"|Python inputs incompatible with input_signature",
        (),
        "The call gives other arguments than the function was traced for: too many, too few, or "
        "nested in another way.",
        "`sigfix inspect MODEL` lists the functions with their arguments. A signature is called "
        "by name: model.signatures['serving_default'](NAME=tensor).",
    ),
    KnownMessage(
        "TensorFlow, Keras",
        r"two structures don't have the same (?:nested structure|sequence type)",
        ("SPC109",),
        "What was saved takes nested inputs (a tuple, a list, a dictionary), and the loader finds "
        "another nesting than it expects.",
        "Load it with tf.saved_model.load and call the signature, whose inputs are flat; `sigfix "
        "repair MODEL` makes one.",
    ),
    KnownMessage(
        "TensorFlow",
        r"non-flat/non-unique argument names for SavedModel signature"
        r"|dictionary containing non-Tensor value .* SavedModel signature"
        r"|Outputs for functions used as signatures must be|non-Tensor value.*in the output of",
        ("SPC109",),
        "Inputs and outputs of a signature must be a flat list or dictionary of tensors.",
        "Save without `signatures=`, and `sigfix repair MODEL` flattens the function with stable "
        "names.",
    ),
    KnownMessage(
        "TensorFlow",
        r"Expected a TensorFlow function for which to generate a signature",
        (),
        "A value of `signatures=` is not a tf.function.",
        "Decorate it with tf.function and an input_signature; or save without `signatures=` and "
        "`sigfix repair MODEL --function NAME`.",
    ),
    KnownMessage(
        "TensorFlow",
        r"Tried to export a function which references"
        r"|Attempted to save a function .* references a symbolic Tensor",
        (),
        "A function uses a variable or table that hangs on no attribute of the saved object, so "
        "it would be lost.",
        "Where it was made: assign it to self (or keep the layer that owns it there), and save "
        "again.",
    ),
    KnownMessage(
        "TensorFlow",
        r"has not been registered\.\s*It must be registered before you load this object"
        r"|TypeSpec \S+ has not been registered",
        ("BEH304",),
        "A function takes or returns a type that another library defines, and the loader needs "
        "that library.",
        "Import it before loading; the type's name begins with it (tensorflow_probability ...).",
    ),
    KnownMessage(
        "TensorFlow",
        r"No encoder for object",
        (),
        "A function was traced with a Python object that a SavedModel cannot describe.",
        "Where it was made: give tf.function an input_signature of tensors, and save again.",
    ),
    KnownMessage(
        "TensorFlow",
        r"Tensor conversion requested dtype \w+ for Tensor with dtype \w+"
        r"|Expects arg\[\d+\] to be \w+ but \w+ is provided"
        r"|cannot compute \S+ as input #\d+\S* was expected to be a",
        (),
        "A tensor of another dtype was passed than the function takes.",
        "Convert it (tf.cast), or let the model: `sigfix repair MODEL --input 'ids=int32[?,128]'` "
        "puts the cast in front of an input.",
    ),
    KnownMessage(
        "TensorFlow",
        r"['\"]?ConcreteFunction['\"]? object is not (?:iterable|subscriptable)",
        (),
        "One function was given where a list or a dictionary of them is taken.",
        "Wrap it: TFLiteConverter.from_concrete_functions([f]); signatures={'serving_default': f}.",
    ),
    KnownMessage(
        "TF-Hub",
        r"Signature name has to be specified for non-callable saved models",
        (),
        "The model has signatures and no __call__ of its own, so one of them has to be named.",
        "hub.KerasLayer(MODEL, signature='serving_default'); `sigfix inspect MODEL` lists them.",
    ),
    KnownMessage(
        "TF-Hub",
        r"Missing implementation that supports: loader",
        (),
        "hub.Module takes modules of TF1, and this is a SavedModel of TF2, or a broken download.",
        "Use hub.load or hub.KerasLayer, and delete the cached folder that the message names where "
        "`sigfix inspect MODEL` cannot read it.",
    ),
)
