"""Messages of Keras about files and layers."""

from __future__ import annotations

from sigfix.diagnosis.messages.row import KnownMessage

OF_KERAS_2 = (
    "Load it with Keras 2 (pip install tf_keras), or `sigfix repair FILE.h5`, which loads it with "
    "the Keras that wrote it and makes a SavedModel."
)

ROWS = (
    KnownMessage(
        "Keras 3",
        r"File format not supported: filepath|Keras 3 only supports V3|legacy SavedModel format is"
        r" not supported",
        (),
        "keras.models.load_model of Keras 3 opens .keras and .h5 files; this is a SavedModel "
        "directory, or something else.",
        "Load it with tf.saved_model.load or keras.layers.TFSMLayer; `sigfix inspect MODEL` lists "
        "the signatures that can be called.",
    ),
    KnownMessage(
        "Keras",
        r"Unrecognized keyword arguments(?: passed to \w+)?: [\[{]['\"](?:batch_shape|optional)",
        (),
        "The file was written by Keras 3 and is opened with Keras 2.",
        "Load it with Keras 3, or `sigfix repair FILE.keras`, which loads it with the Keras that "
        "wrote it and makes a SavedModel.",
    ),
    KnownMessage(
        "Keras 3",
        r"Unrecognized keyword arguments passed to \w+|Error when deserializing class"
        r"|Unrecognized keyword arguments: \["
        r"|Could not deserialize class .* parent module \S+ cannot be imported",
        (),
        "The file was written by another version of Keras, whose layers have other options.",
        OF_KERAS_2,
    ),
    KnownMessage(
        "Keras",
        r"Unknown (?:layer|initializer|regularizer|constraint|activation)(?: function)?: ['\"]?\w+"
        r"|Could not locate (?:class|function) ['\"]|custom_object_scope"
        r"|register_keras_serializable",
        ("BEH305",),
        "The file has a layer or function that is not Keras' own, and its code was not imported.",
        "Pass it as custom_objects. Where the code is: export a SavedModel, which needs no classes "
        "(model.export of Keras 3), and `sigfix inspect MODEL`.",
    ),
    KnownMessage(
        "Keras",
        r"deserialization of a (?:`?Lambda`? layer|Python `?lambda`?)"
        r"|enable_unsafe_deserialization",
        ("BEH305",),
        "The file has Python code of its own, which loading it runs.",
        "Where you trust it: `sigfix repair FILE.keras --trust` makes a SavedModel of it.",
    ),
    KnownMessage(
        "Keras",
        r"No model (?:config )?found in (?:the )?(?:file|config file)"
        r"|into a subclassed Model which has not created its variables",
        (),
        "The file has weights and no model that they belong to.",
        "Build the model in Python, load_weights, and save the whole of it.",
    ),
    KnownMessage(
        "Keras",
        r"Unable to restore custom object of type",
        (),
        "The model was compiled with a metric or loss of the author's own.",
        "Load it with compile=False, or with tf.saved_model.load: `sigfix inspect MODEL` lists "
        "what can be called.",
    ),
    KnownMessage(
        "h5py, Keras",
        r"file signature not found|truncated file: eof",
        ("CON214", "CON211"),
        "The file is no HDF5 file: it is damaged, cut off, a Git-LFS pointer, or of another kind.",
        "`sigfix inspect FILE.h5` says which.",
    ),
    KnownMessage(
        "Keras",
        r"HDF5 format requires the model to be|Invalid filepath extension for saving"
        r"|filepath provided must end in [`'\"]?\.(?:keras|h5)",
        (),
        "Keras does not write this model under this name: its format goes by the suffix, and a "
        "class of one's own has no .h5 form.",
        "model.save('FILE.keras') for Keras, model.export('DIRECTORY') for a SavedModel.",
    ),
    KnownMessage(
        "Keras",
        r"keras.*['\"]str['\"] object has no attribute ['\"]decode",
        (),
        "This Keras is older than the h5py beside it, and cannot read .h5 files with it.",
        "Load it with a newer Keras, or `sigfix repair FILE.h5`.",
    ),
    KnownMessage(
        "Keras, TensorFlow.js",
        r"Error when checking .*expected \S+ to have|is incompatible with the layer: expected",
        (),
        "The array has another shape than the model takes; most often the batch is missing.",
        "x[None] (tensor.expandDims(0) in TensorFlow.js) adds the batch; `sigfix inspect FILE.h5` "
        "says the shape.",
    ),
    KnownMessage(
        "Keras",
        r"expected \d+ variables?, but received \d+ variables? during loading",
        (),
        "The file's weights are of another model than the one that is built, or the layer was "
        "never called before its weights were loaded.",
        "Build the model as it was saved and call it once. `sigfix inspect FILE.keras` lists what "
        "the file holds.",
    ),
)
