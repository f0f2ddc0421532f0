"""SPC: what signatures and traces declare about their tensors."""

from __future__ import annotations

from sigfix.diagnosis.rule import Fixable, Rule, Severity

RULES = (
    Rule(
        "SPC101", "unknown-rank", Severity.WARNING, Fixable.SOMETIMES,
        what="A tensor's number of dimensions is unknown.",
        why="Converters and hardware delegates need at least the rank to choose kernels; some "
        "treat an unknown rank as a scalar.",
        causes="A placeholder without a shape, or tf.TensorSpec(None), or a shape that inference "
        "lost on the way.",
        example="x: float32[...]",
        fix="For an input: `sigfix repair MODEL --input 'x=float32[?,224,224,3]'`.",
        advice="Give the shape where the model is made: a placeholder or TensorSpec with a rank.",
    ),
    Rule(
        "SPC102", "dynamic-dimension", Severity.WARNING, Fixable.SOMETIMES,
        what="An input has a dynamic dimension and the target needs a static shape.",
        why="The target plans its memory ahead; it sets a dynamic dimension to 1 or refuses it.",
        causes="The model was exported for any batch or image size.",
        example="x: float32[?,?,?,3] with --target tflite",
        fix="`sigfix repair MODEL --input 'x=float32[1,224,224,3]'`.",
        advice="Give the size where the model is made, or to the converter.",
    ),
    Rule(
        "SPC103", "non-tensor-argument", Severity.WARNING, Fixable.SOMETIMES,
        what="The only callable traces take a Python value as well as tensors.",
        why="A SignatureDef knows only tensors: the value has to be fixed when the signature is "
        "made.",
        causes="Arguments such as `training`, `mask` or an options object are part of the "
        "function.",
        example="__call__(x: float32[?,3], training=False)",
        fix="`sigfix repair MODEL --function NAME` fixes it at the value of the trace; where there "
        "are several, --bind training=false picks one.",
        advice="In the original code, make a tf.function that fixes the value, and save that.",
    ),
    Rule(
        "SPC104", "generic-names", Severity.NOTE, Fixable.ALWAYS,
        what="Inputs or outputs have names that a tool made up.",
        why="Callers pass tensors by these names, and they change from one save to the next "
        "(keras_tensor_3, input_1).",
        causes="The layers or arguments were not named when the model was made.",
        example="serving_default(keras_tensor_3) -> {output_0}",
        fix="`sigfix repair MODEL --rename keras_tensor_3=image`.",
        advice="Name the layers or arguments where the model is made.",
    ),
    Rule(
        "SPC105", "dtype-clash", Severity.ERROR, Fixable.NEVER,
        what="A signature declares another dtype than the tensor behind it has.",
        why="Feeding what the signature asks for fails when the graph runs.",
        causes="The signature was written by hand, or by a tool that mistook one dtype for "
        "another.",
        example="u16: int16 -> tensor i16:0 is uint16",
        fix="Correct the signature in the program that wrote it, or make a new one: `sigfix repair "
        "MODEL --input x:TENSOR`.",
        advice="Correct the dtype in the program that wrote the signature.",
    ),
    Rule(
        "SPC106", "shared-tensor", Severity.WARNING, Fixable.SOMETIMES,
        what="Two keys of a signature stand for the same tensor.",
        why="Two values for one tensor cannot both be fed: loaders reject the signature or use one "
        "of the two. Converters that match by tensor merge the outputs.",
        causes="The signature was put together by hand, or one layer is returned twice.",
        example="i16 and u16 are both i16:0",
        fix="Of outputs, remove one: `sigfix repair MODEL --drop-output KEY`. Of inputs, make the "
        "model again with a placeholder for each.",
        advice="Make the model again with a tensor for each key.",
    ),
    Rule(
        "SPC107", "absent-tensor", Severity.ERROR, Fixable.SOMETIMES,
        what="A signature names a tensor that is not in the graph.",
        why="The model loads and fails at the first call, or fails to load.",
        causes="The graph was rewritten or pruned after the signature was made; the name is "
        "misspelt or has no :0.",
        example="y -> dense/Softmax:0, which no node produces",
        fix="`sigfix repair MODEL --output y=TENSOR` or `--input x:TENSOR` with a tensor that "
        "exists; --output names all outputs that are kept.",
        advice="Correct the tensor's name in the program that wrote the signature.",
    ),
    Rule(
        "SPC108", "unused-input", Severity.WARNING, Fixable.SOMETIMES,
        what="No output of the signature depends on this input.",
        why="Freezing prunes it without a word: callers that pass it get an error from the "
        "converted model.",
        causes="A leftover such as a keep_prob or is_training flag, or a placeholder that another "
        "signature uses.",
        example="train_flag: bool[]",
        fix="`sigfix repair MODEL --bind train_flag=false`.",
        advice="Feed it any value, or leave it out where the model is made.",
    ),
    Rule(
        "SPC109", "composite", Severity.WARNING, Fixable.SOMETIMES,
        what="An argument is nested, ragged or sparse.",
        why="A signature is flat and dense: a ragged or sparse tensor arrives as several tensors "
        "with names of their own, and most targets cannot take those at all.",
        causes="The function takes a dict, a tuple, a RaggedTensor or a SparseTensor.",
        example="company: SparseTensor(string[?,?])",
        fix="`sigfix repair MODEL` flattens it with stable names.",
        advice="In the original code, make a tf.function of plain tensors, and save that.",
    ),
)  # fmt: skip
