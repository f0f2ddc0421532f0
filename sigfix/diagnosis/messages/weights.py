"""Messages about weights, tables, checkpoints and files."""

from __future__ import annotations

from sigfix.diagnosis.messages.row import KnownMessage

ROWS = (
    KnownMessage(
        "TensorFlow",
        r"Table not initialized",
        ("BEH302",),
        "A lookup table was never filled.",
    ),
    KnownMessage(
        "TensorFlow",
        r"not an sstable|DataLossError|Checksum does not match: stored"
        r"|Data loss: (?:Unable|Checksum|truncated|corrupted|file|block)",
        ("CON206",),
        "The variables files are damaged, or are of another kind than they are opened as.",
        "`sigfix inspect MODEL --checksums` names the tensors.",
    ),
    KnownMessage(
        "TensorFlow",
        r"Failed to find any matching files for|Error while reading resource variable"
        r"|variable was uninitialized|Attempting to use uninitialized value"
        r"|variables\.(?:index|data-\d+-of-\d+)['\"]?; No such file"
        r"|TensorProto \(.*\) should be stored in",
        ("CON204",),
        "A weight has no value: the variables files are missing, or nothing restored or "
        "initialised them before the call.",
        "`sigfix inspect MODEL` says whether the files are there. In a TF1 session, "
        "tf.compat.v1.saved_model.load restores them.",
    ),
    KnownMessage(
        "TensorFlow",
        r"Some objects had attributes which were not restored"
        r"|Python objects? that were not bound to checkpointed values"
        r"|Nothing except the root object matched a checkpointed value"
        r"|Key \S+ not found in checkpoint|Tensor name \S+ not found in checkpoint"
        r"|Assign requires shapes of both tensors to match"
        r"|Cannot assign value to variable|Layer count mismatch when loading weights",
        (),
        "The checkpoint and the objects that it is restored into are not of the same model: "
        "names, shapes or classes differ.",
        "Restore it into the code that saved it. A SavedModel has the graph beside its weights, "
        "and needs no such code: `sigfix inspect MODEL`.",
    ),
    KnownMessage(
        "TensorFlow",
        r"No checkpoint specified \(save_path=None\)",
        (),
        "The folder has no checkpoint: tf.train.latest_checkpoint found no file called "
        "checkpoint in it.",
        "Name the checkpoint's prefix itself (model.ckpt-1000, without .index).",
    ),
    KnownMessage(
        "TensorFlow",
        r"SavedModel file does not exist at|contains neither ['\"]saved_model\.pb['\"] nor"
        r"|No file or directory found at|File not found: filepath=|NO_SUCHFILE",
        ("CON215", "CON210"),
        "There is no model at this path.",
        "`sigfix inspect DIRECTORY` says what is there.",
    ),
    KnownMessage(
        "TensorFlow",
        r"Wrong wire type in tag|Unexpected end-group tag"
        r"|no field named ['\"]?(?:meta_graphs|saved_model_schema_version|"
        r"node)['\"]?",
        ("CON212", "CON214"),
        "The file is of another kind than it was parsed as: a saved_model.pb read as a GraphDef, "
        "or the other way round.",
        "`sigfix inspect FILE` says what it is; `sigfix repair FILE.pb` makes a SavedModel of a "
        "frozen graph.",
    ),
    KnownMessage(
        "TensorFlow",
        r"Cannot parse file .*saved_model|DecodeError: (?:Error parsing|Truncated) message"
        r"|Error parsing message with type ['\"]?(?:tensorflow|onnx)",
        ("CON214", "CON212", "CON211"),
        "The file is damaged, of another kind than it was parsed as (a saved_model.pb is no "
        "GraphDef), or a Git-LFS pointer.",
        "`sigfix inspect FILE` says which.",
    ),
    KnownMessage(
        "TensorFlow",
        r"(?:meta_graph|saved_model|tensorflow).*InvalidVersion"
        r"|InvalidVersion: Invalid version: ['\"](?:unknown|[A-Za-z_-]*)['\"]",
        (),
        "The model says a TensorFlow version that cannot be parsed, and this loader wants one.",
        "`sigfix inspect MODEL` reads it and shows the version.",
    ),
    KnownMessage(
        "Python",
        r"Is a directory: ['\"]?(?:[^'\"]*/)?[^'\"/]*(?:model(?!s\b)|\.pb|\.h5|\.keras|\.onnx)"
        r"[^'\"/]*",
        (),
        "A SavedModel is a directory, and this program opens a single file (.h5, .pb, .tflite).",
        "Load it with tf.saved_model.load, or give the program a file of its own kind; "
        "`sigfix inspect MODEL` says what the directory is.",
    ),
)
