"""Error messages as the tools write them, and the code each is explained by."""

from __future__ import annotations

import pytest

from sigfix.diagnosis import RULES
from sigfix.diagnosis.messages import MESSAGES, recognise

REAL = [
    ('ValueError: Signature "serving_default" does not exist in the saved model', "SIG002"),
    (
        "ValueError: Signature 'serving_default' does not exist. The following signatures are "
        "available: KeysView(_SignatureMap({}))",
        "SIG002",
    ),
    ("ValueError: Signature 'serving_default' is missing from meta graph.", "SIG002"),
    ("KeyError: 'serving_default'", "SIG002"),
    ("ValueError: Unsupported Ops in the model before optimization\nXlaCallModule", "TGT401"),
    ("ValueError: Unsupported Ops in the model after optimization\n_FusedHardSwish", "TGT401"),
    (
        'ValueError: Signature "serving_default" has a SparseTensor on input/output "s". '
        "SparseTensors are not supported.",
        "SPC109",
    ),
    ("Exception: Converter only supports dict structured_outputs.", "SPC109"),
    ("Error: Kernel 'Einsum' not registered for backend 'wasm'", "TGT402"),
    ("TypeError: Unknown op '_FusedHardSwish'. File an issue at ", "TGT401"),
    (
        "Error: This execution contains the node 'a/Exit', which has the dynamic op 'Exit'. "
        "Please use model.executeAsync() instead.",
        "TGT404",
    ),
    (
        "Error: The dict provided in model.execute(dict) has keys: [flag] that are not part of "
        "graph",
        "SPC108",
    ),
    (
        "RuntimeError: MetaGraphDef associated with tags 'serve' could not be found in SavedModel. "
        "To inspect available tag-sets in the SavedModel, please use the SavedModel CLI",
        "CON202",
    ),
    (
        "status: Not found:  Could not find meta graph def matching supplied tags: { serve }.",
        "CON202",
    ),
    (
        "SavedModel format load failure: The SavedModel at /m has one MetaGraph with tags "
        "['serve'], but got an incompatible argument tags=[''] to tf.saved_model.load.",
        "CON202",
    ),
    (
        "ValueError: Importing a SavedModel with `tf.saved_model.load` requires a `tags=` argument "
        "if there is more than one MetaGraph. Got `tags=None`",
        "CON201",
    ),
    ("OSError: SavedModel file does not exist at: /m/{saved_model.pbtxt|saved_model.pb}", "CON215"),
    ("OSError: Cannot parse file b'/m/saved_model.pb': Error parsing message.", "CON214"),
    ("NotFoundError: Op type not registered 'ZeroOut' in binary running on host.", "BEH304"),
    (
        "Internal: NodeDef mentions attr 'allowed_devices' not in Op<name=VarHandleOp; signature= "
        "-> resource:resource",
        "CON213",
    ),
    (
        "ValueError: Could not find matching concrete function to call loaded from the SavedModel. "
        "Got:\n  Positional arguments (1 total):",
        "SIG006",
    ),
    ("TypeError: '_UserObject' object is not callable", "SIG005"),
    ("FailedPreconditionError: Table not initialized.", "BEH302"),
    ("DataLossError: not an sstable (bad magic number)", "CON206"),
    (
        "Unsuccessful TensorSliceReader constructor: Failed to find any matching files for "
        "/m/variables/variables",
        "CON204",
    ),
    ("ValueError: callback pyfunc_0 is not found", "BEH305"),
    ('Serving signature name: "serving_default" not found in signature def', "SIG002"),
    ("FAILED_PRECONDITION: Default serving signature key not found.", "SIG002"),
    (
        "Expected classification signature method_name to be tensorflow/serving/classify. Was: ",
        "SIG010",
    ),
    ("No versions of servable half found under base path /models/half", "CON210"),
    (
        "unable to load model 'resnet_v1_50_graphdef', expected 'serving_default' signature",
        "SIG002",
    ),
    ("unable to find serving signature 'serving_default", "SIG002"),
    ("unexpected inference output 'score', allowed outputs are: cls_embedding", "SPC104"),
    (
        "ValueError: make_sure failure: No signatures found in model. Try --concrete_function "
        "instead.",
        "SIG001",
    ),
    ("ValueError: Only support at least one signature key.", "SIG001"),
    ("ValueError: Only support a single signature key.", "SIG001"),
    ("ValueError: This converter can only   convert a single ConcreteFunction.", "SIG004"),
    (
        "ValueError: None is only supported in the 1st dimension. Tensor 'input' has invalid "
        "shape '[1, None, None, 3]'.",
        "SPC102",
    ),
    ("AttributeError: '_UserObject' object has no attribute 'predict'", "SIG005"),
    (
        "Error: The dtype of dict['x'] provided in model.execute(dict) must be float32, "
        "but was int32",
        "TGT406",
    ),
    ("error: 'tf.Foo' op is neither a custom op nor a flex op", "TGT401"),
    (
        "mo.utils.error.FrameworkError: Cannot load input model: SavedModel format load failure",
        "CON202",
    ),
]


@pytest.mark.parametrize(("text", "code"), REAL)
def test_message_is_recognised(text: str, code: str) -> None:
    found = recognise(text)
    assert found is not None
    assert found.codes[0] == code


def test_message_in_a_traceback() -> None:
    text = f"Traceback (most recent call last):\n  File 'x.py', line 3\n{REAL[0][0]}\n"
    found = recognise(text)
    assert found is not None
    assert found.tool == "tensorflowjs_converter"


def test_every_row_names_codes_of_the_catalogue() -> None:
    for row in MESSAGES:
        assert row.codes
        assert all(code in RULES for code in row.codes)


@pytest.mark.parametrize("text", ["", "hello", "ImportError: No module named 'foo'"])
def test_other_text_is_not(text: str) -> None:
    assert recognise(text) is None
