"""Which function of the object graph a signature is made from."""

from __future__ import annotations

from pathlib import Path

from sigfix.diagnosis import diagnose
from sigfix.planning.edits import OPTION, TRACE, AttachSignature, FunctionSource
from sigfix.reading import read
from tests.models import Model
from tests.planning.plans import (
    Traced,
    X,
    added,
    asked,
    edit_of,
    of_functions,
    planned,
    refused,
    sign,
)


def path_of(model: Model, folder: Path, **choices: object) -> str:
    source = added(model, folder, **choices).source
    assert isinstance(source, FunctionSource)
    return source.path


def test_the_only_function(tmp_path: Path) -> None:
    edit = added(of_functions({"encode": Traced()}), tmp_path)
    assert (str(edit.source), edit.origin) == ("function encode", TRACE)


def test_several_are_ranked_with_what_speaks_for_each(tmp_path: Path) -> None:
    model = of_functions({"decode": Traced(), "__call__": Traced(), "serve": Traced()})
    reason, ways, hint = asked(model, tmp_path)
    assert reason == "3 functions could be the signature."
    assert ways == ["--function __call__", "--function serve", "--function decode"]
    assert hint == ("--function __call__ --function serve=serve   # makes signatures of these two")
    candidates = planned(model, tmp_path).candidates
    assert [item.evidence for item in candidates] == [
        ("1 trace", "calling the object runs it"),
        ("1 trace", "a usual name for inference"),
        ("1 trace",),
    ]


def test_the_chosen_one(tmp_path: Path) -> None:
    model = of_functions({"decode": Traced(), "__call__": Traced(), "part.scale": Traced()})
    for path in ("decode", "__call__", "part.scale"):
        edit = added(model, tmp_path, function=path)
        assert (str(edit.source), edit.origin) == (f"function {path}", OPTION)


def test_parts_compete_only_where_the_whole_has_none(tmp_path: Path) -> None:
    assert path_of(of_functions({"part.__call__": Traced(), "b": Traced()}), tmp_path) == "b"
    assert path_of(of_functions({"part.__call__": Traced()}), tmp_path) == "part.__call__"
    both = of_functions({"one.__call__": Traced(), "two.__call__": Traced()})
    _, ways, hint = asked(both, tmp_path)
    assert ways == ["--function one.__call__", "--function two.__call__"]
    assert hint.startswith("--function one.__call__ --function two=two.__call__   # makes")


def test_what_keras_keeps_for_itself_does_not_compete(tmp_path: Path) -> None:
    own = "call_and_return_conditional_losses"
    assert path_of(of_functions({own: Traced(), "score": Traced()}), tmp_path) == "score"
    assert path_of(of_functions({own: Traced()}), tmp_path) == own


def test_a_function_without_a_tensor_does_not_compete(tmp_path: Path) -> None:
    size = Traced(((),), ())
    assert path_of(of_functions({"__call__": size, "score": Traced()}), tmp_path) == "score"
    edit = added(of_functions({"__call__": size}), tmp_path)
    assert edit.inputs == ()


def test_the_methods_of_a_table_are_no_functions_to_call(tmp_path: Path) -> None:
    model = of_functions({"table._initialize": Traced(), "table._create_resource": Traced()})
    reason, hint = refused(model, tmp_path)
    assert "no traced function" in reason
    assert hint == "save it again with tf.saved_model.save(model, path, signatures=...)"


def test_an_object_stands_for_its_call(tmp_path: Path) -> None:
    model = of_functions({"encoder.__call__": Traced(), "__call__": Traced()})
    assert path_of(model, tmp_path, function="encoder") == "encoder.__call__"


def test_a_function_that_is_not_there(tmp_path: Path) -> None:
    model = of_functions({"encode": Traced(), "decode": Traced()})
    reason, hint = refused(model, tmp_path, function="encoder")
    assert reason == "There is no function encoder in the object graph."
    assert hint == "there are: decode, encode"
    empty = of_functions({"encode": Traced(traces=())})
    reason, hint = refused(empty, tmp_path, function="decode")
    assert hint == "the object graph has no callable function at all"


def test_a_function_that_was_never_called(tmp_path: Path) -> None:
    model = of_functions({"encode": Traced(traces=()), "decode": Traced()})
    reason, hint = refused(model, tmp_path, function="encode")
    assert "encode was never called before the model was saved" in reason
    assert "save the model again" in hint
    assert path_of(model, tmp_path) == "decode"


def test_a_first_generation_graph_has_none(tmp_path: Path) -> None:
    reason, hint = refused(Model(), tmp_path, function="encode")
    assert "written by TF1" in reason
    assert hint == "name tensors with --input NAME:TENSOR and --output NAME=TENSOR"


def test_the_function_behind_a_signature(tmp_path: Path) -> None:
    model = of_functions({"__call__": Traced()})
    sign(model, "predict", {"x": X}, {"y": X})
    edit = added(model, tmp_path, from_key=("predict",), rename=(("y", "score"),))
    assert edit.source == FunctionSource("signatures.predict", "signature_predict")
    assert [item.name for item in edit.outputs] == ["score"]


def test_a_signature_that_the_object_graph_lacks_is_attached(tmp_path: Path) -> None:
    model = of_functions({"__call__": Traced()})
    sign(model, "serving_default", {"x": X}, {"y": X}, attached=False)
    found = planned(model, tmp_path)
    attach = edit_of(found, AttachSignature)
    assert (attach.key, attach.function) == ("serving_default", "signature_serving_default")
    assert found.is_metadata_only
    whole = of_functions({"__call__": Traced()})
    sign(whole, "serving_default", {"x": X}, {"y": X})
    assert planned(whole, tmp_path).verdict == "healthy"


def test_what_is_called_between_the_calls_comes_last(tmp_path: Path) -> None:
    names = ("initial_state", "reset", "agent", "step", "predict")
    _, ways, _ = asked(of_functions({name: Traced() for name in names}), tmp_path)
    assert [way.rpartition(" ")[2] for way in ways] == [
        "predict", "step", "agent", "initial_state", "reset",
    ]  # fmt: skip


def test_what_predicts_comes_before_what_helps_and_what_is_random(tmp_path: Path) -> None:
    names = ("augment", "cost_of", "denoise", "jitter", "predict_proba", "preprocess")
    model = of_functions({name: Traced() for name in names})
    for name in ("denoise", "jitter"):
        drawn = next(
            item
            for item in model.meta.graph_def.library.function
            if item.signature.name == f"{name}_0"
        )
        if name == "jitter":
            drawn.node_def.add(name="noise", op="RandomStandardNormal")
    _, ways, _ = asked(model, tmp_path)
    assert [way.rpartition(" ")[2] for way in ways] == [
        "predict_proba", "denoise", "augment", "cost_of", "preprocess", "jitter",
    ]  # fmt: skip


def test_a_name_alone_is_no_proof_of_training(tmp_path: Path) -> None:
    """`train_delay` is about trains: it is asked for, and comes after what no name tells of."""
    _, ways, _ = asked(of_functions({"train_delay": Traced()}), tmp_path)
    assert ways == ["--function train_delay"]
    both = of_functions({"train_delay": Traced(), "retrieval": Traced(), "train_step": Traced()})
    assert asked(both, tmp_path)[1] == ["--function retrieval", "--function train_delay"]
    refused(of_functions({"train_step": Traced()}), tmp_path)
    scalar = Traced(output={"loss": ("loss", "float32", ())})
    refused(of_functions({"loss_given_default": scalar}), tmp_path)


def test_state_of_a_function_that_is_no_signature_yet(tmp_path: Path) -> None:
    model = of_functions({"__call__": Traced(), "encode": Traced()})
    (body,) = (
        item for item in model.meta.graph_def.library.function if "call" in item.signature.name
    )
    body.node_def.add(name="count", op="AssignAddVariableOp")
    found = diagnose(read(model.write(tmp_path / "m")))
    assert [item.location for item in found if item.code == "BEH303"] == ["function __call__"]
