"""CON: the directory and its files."""

from __future__ import annotations

from sigfix.diagnosis.rule import Fixable, Rule, Severity

RULES = (
    Rule(
        "CON201", "several-meta-graphs", Severity.WARNING, Fixable.ALWAYS,
        what="The SavedModel holds several MetaGraphs.",
        why="Loaders need the exact set of tags to pick one; TF2's loader accepts only one.",
        causes="A TF1 builder added graphs for training, serving or TPU.",
        example="tags: [serve], [serve, tpu]",
        fix="`sigfix repair MODEL --tags serve --only-metagraph` keeps one.",
        advice="Load it with the exact tags of the one that you want.",
    ),
    Rule(
        "CON202", "tags-without-serve", Severity.WARNING, Fixable.ALWAYS,
        what="No MetaGraph has the tag `serve`, or it has others beside it.",
        why="TensorFlow Serving and most converters load the MetaGraph tagged `serve` unless they "
        "are told otherwise, and compare sets: one tagged serve and train is not found.",
        causes="The model was saved for another purpose (train, transform, eval), or with several "
        "tags; tags given as a string became a tag for each letter.",
        example="tags: transform; tags: serve, train",
        fix="`sigfix repair MODEL --set-tags serve`.",
        advice="Load it with the tags that it has.",
    ),
    Rule(
        "CON203", "empty-tags", Severity.WARNING, Fixable.ALWAYS,
        what="A MetaGraph has no tags at all.",
        why="Loaders that ask for `serve` do not find it; only an explicit empty set does.",
        causes="TF-Hub's hub.Module writes its inference graph without tags.",
        example="tags: (none)",
        fix="`sigfix repair MODEL --set-tags serve`.",
        advice="Load it with an empty set of tags.",
    ),
    Rule(
        "CON204", "missing-variables", Severity.ERROR, Fixable.NEVER,
        what="The graph has variables and their files are missing.",
        why="The model cannot be restored: it fails to load, or runs with uninitialised weights.",
        causes="Only saved_model.pb was copied or downloaded; a .gitignore dropped the data; the "
        "folder is that of another model.",
        example="variables/variables.data-00000-of-00001 is missing",
        fix="Copy the whole directory again, variables/ included.",
        advice="Copy the whole directory again, variables/ included.",
    ),
    Rule(
        "CON205", "truncated-variables", Severity.ERROR, Fixable.NEVER,
        what="A variables file is shorter than its index says.",
        why="The tensors at its end cannot be restored.",
        causes="An interrupted copy or download, or a Git-LFS pointer in place of the file.",
        example="variables.data-00000-of-00001 has 132 of 4,801,120 bytes",
        fix="Copy or download the file again.",
        advice="Copy or download the file again.",
    ),
    Rule(
        "CON206", "corrupt-variables", Severity.ERROR, Fixable.NEVER,
        what="The variable index cannot be read, or a tensor's checksum is wrong.",
        why="Weights that differ from what was saved give wrong results without any error.",
        causes="A damaged disk or transfer; a text-mode conversion of line ends.",
        example="the table's magic number is missing at its end",
        fix="Copy or download the file again.",
        advice="Copy or download the file again.",
    ),
    Rule(
        "CON207", "stray-variables", Severity.NOTE, Fixable.NEVER,
        what="variables/ holds files that the index does not name.",
        why="They take room and suggest that two saves were mixed.",
        causes="A model was saved over an older one with another number of shards.",
        example="variables.data-00001-of-00002",
        fix="Delete them, once you are sure that no other index needs them.",
        advice="Delete them, once you are sure that no other index needs them.",
    ),
    Rule(
        "CON208", "missing-asset", Severity.ERROR, Fixable.NEVER,
        what="An asset that the graph reads is missing.",
        why="Initialising the tables fails, and with it loading.",
        causes="assets/ was not copied.",
        example="assets/vocab.txt is missing",
        fix="Copy the assets folder again.",
        advice="Copy the assets folder again.",
    ),
    Rule(
        "CON209", "asset-escapes", Severity.ERROR, Fixable.NEVER,
        what="A path or a link of the model leads out of its directory, or to a pipe, a socket or "
        "a device.",
        why="Loading the model reads, and copying it can write, files elsewhere on the machine, or "
        "waits for ever. sigfix follows and copies nothing of it.",
        causes="A hostile or broken model; or a cache that keeps the files of a model elsewhere "
        "and links to them.",
        example="assets/../../etc/passwd",
        fix="Do not load this model. Where you know and trust what the links lead to, copy it with "
        "them resolved: `cp -rL MODEL COPY`.",
        advice="Do not load this model, unless you know where its paths and links lead.",
    ),
    Rule(
        "CON210", "nested-path", Severity.NOTE, Fixable.NEVER,
        what="The path leads to a directory above the SavedModel.",
        why="Loaders want the directory that holds saved_model.pb itself; only TensorFlow Serving "
        "looks for numbered versions below.",
        causes="The TensorFlow Serving layout model/1/, or an archive with a folder inside.",
        example="model/ -> model/1/saved_model.pb",
        fix="Give other tools the inner path.",
        advice="Give other tools the inner path.",
    ),
    Rule(
        "CON211", "git-lfs-pointer", Severity.ERROR, Fixable.NEVER,
        what="A file is a Git-LFS pointer, a note of 130 bytes in place of the real one.",
        why="There is no model here yet.",
        causes="The repository was cloned, or a file downloaded, without Git LFS.",
        example="version https://git-lfs.github.com/spec/v1",
        fix="`git lfs install && git lfs pull`",
        advice="Fetch the real file: `git lfs install && git lfs pull`",
    ),
    Rule(
        "CON212", "not-a-saved-model", Severity.ERROR, Fixable.NEVER,
        what="A file called saved_model.pb is something else.",
        why="Loaders report a parse error that does not say what the file is.",
        causes="A frozen graph, a MetaGraph, an ONNX file or a web page saved under this name.",
        example="saved_model.pb is a frozen GraphDef",
        fix="Give the file its own name; `sigfix repair` makes a SavedModel of a frozen graph.",
        advice="Give the file its own name, or take the right one.",
    ),
    Rule(
        "CON213", "newer-producer", Severity.WARNING, Fixable.NEVER,
        what="The model was written by a newer TensorFlow than sigfix knows.",
        why="It can hold operators or attributes that an older TensorFlow does not load.",
        causes="The exporting environment is ahead of this one.",
        example="written by TensorFlow 2.21, GraphDef version 2400",
        fix="Install at least that version of TensorFlow to load it.",
        advice="Load it with at least the TensorFlow that wrote it.",
    ),
    Rule(
        "CON214", "damaged-file", Severity.ERROR, Fixable.NEVER,
        what="The model file is empty, truncated, or does not parse.",
        why="Nothing can load it.",
        causes="An interrupted copy or download.",
        example="saved_model.pb is truncated: 1,024 bytes are missing at its end",
        fix="Copy or download the model again, and compare the file sizes.",
        advice="Copy or download the model again, and compare the file sizes.",
    ),
    Rule(
        "CON215", "no-model-here", Severity.ERROR, Fixable.NEVER,
        what="There is no model at this path.",
        why="There is nothing to read.",
        causes="A wrong path, the variables folder instead of the one above, or a training "
        "checkpoint.",
        example="model/variables holds no saved_model.pb",
        fix="Name the directory that holds saved_model.pb.",
        advice="Name the directory that holds saved_model.pb.",
    ),
    Rule(
        "CON216", "several-models-here", Severity.ERROR, Fixable.NEVER,
        what="There are several SavedModels below this path.",
        why="Which one is meant is not for a tool to guess.",
        causes="A version directory of TensorFlow Serving, or a folder of models.",
        example="model/1, model/2",
        fix="Name one of them, or give inspect all of them: `sigfix inspect model/*`",
        advice="Name one of them, or all.",
    ),
    Rule(
        "CON217", "chunked-model", Severity.ERROR, Fixable.NEVER,
        what="The model is a chunked SavedModel (saved_model.cpb).",
        why="Its graph is split over the records of a Riegeli file. Only TensorFlow builds that "
        "contain the proto splitter read it; sigfix, converters and most other tools do not.",
        causes="The graph is larger than 2 GB, or the model was saved with "
        "tf.saved_model.SaveOptions(experimental_image_format=True).",
        example="saved_model.cpb where saved_model.pb is looked for",
        fix="In the TensorFlow that wrote it, load and save it without that option: "
        "`tf.saved_model.save(tf.saved_model.load('MODEL'), 'whole')`. A graph above 2 GB must "
        "first keep its large constants as variables.",
        advice="In the TensorFlow that wrote it, save it again without experimental_image_format.",
    ),
    Rule(
        "CON218", "odd-version", Severity.WARNING, Fixable.ALWAYS,
        what="The TensorFlow version that the model names is no version.",
        why="tf.compat.v1.saved_model.load, and tf.saved_model.load of a TF1 model, compare it "
        "with 1.9 and stop: InvalidVersion.",
        causes="Another program wrote the model, or a build of TensorFlow named itself freely.",
        example="tensorflow_version: unknown",
        fix="`sigfix repair MODEL` leaves the version out, which loaders take.",
        advice="Write a version of TensorFlow, or none, into meta_info_def.tensorflow_version.",
    ),
    Rule(
        "CON219", "incomplete-graph", Severity.ERROR, Fixable.NEVER,
        what="A node reads a tensor, or calls a function, that the graph does not have.",
        why="No loader takes the model: TensorFlow stops with the name alone, a KeyError.",
        causes="A program pruned, merged or rewrote the graph and left a part of it out.",
        example="StatefulPartitionedCall calls __inference_f_117, and the library has no functions",
        fix="Save the model again, without the step that took parts out of its graph.",
        advice="Save the model again, without the step that took parts out of its graph.",
    ),
)  # fmt: skip
