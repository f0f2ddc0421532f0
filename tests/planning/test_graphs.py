"""Signatures of a first-generation graph: its placeholders, and what nothing reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.diagnosis import diagnose
from sigfix.model import SavedModel
from sigfix.planning import plan
from sigfix.planning.codec import read_plan, write_plan
from sigfix.planning.edits import GRAPH, OPTION, SIGNATURE, AddSignature, GraphSource
from sigfix.planning.file_edits import LeaveOut
from sigfix.planning.parsing import parse_input
from sigfix.reading import read_any
from tests.models import Dtype, Model
from tests.planning.plans import FLOAT, added, asked, planned, refused


def scored(**sinks: str) -> Model:
    """`image` -> `hidden` -> each of the sinks, by name and operator."""
    model = Model(empty=True, version="1.15.0")
    model.node("image", "Placeholder", dtype=FLOAT, shape=(None, 4))
    model.node("hidden", "Relu", ["image"], T=FLOAT, _output_shapes=[(None, 4)])
    for name, op in sinks.items():
        model.node(name, op, ["hidden"], T=FLOAT, _output_shapes=[(None, 4)])
    return model


def test_the_only_result(tmp_path: Path) -> None:
    edit = added(scored(score="Softmax"), tmp_path)
    assert (edit.source, edit.origin) == (GraphSource(), GRAPH)
    (given,), (result,) = edit.inputs, edit.outputs
    assert (str(given), given.target, given.origin) == ("image: float32[?,4]", "image:0", GRAPH)
    assert (str(result), result.source, result.origin) == (
        "score: float32[?,4]", "score:0", GRAPH,
    )  # fmt: skip


def test_several_results_are_asked_for(tmp_path: Path) -> None:
    reason, ways, hint = asked(scored(embedded="Relu", softmax="Softmax", zed="Relu"), tmp_path)
    assert reason == "3 tensors could be the outputs."
    assert ways[-1] == "--output zed=zed:0", "the one whose name tells nothing comes last"
    assert hint == "repeat --output for several of them"


def test_leftovers_of_training_do_not_compete(tmp_path: Path) -> None:
    edit = added(scored(**{"score": "Softmax", "train_op/step": "Relu"}), tmp_path)
    assert [item.source for item in edit.outputs] == ["score:0"]
    alone = added(scored(**{"train_op/step": "Relu"}), tmp_path)
    assert [item.source for item in alone.outputs] == ["hidden:0"], "only training reads it"


def test_outputs_that_the_author_collected(tmp_path: Path) -> None:
    model = scored(one="Relu", two="Softmax", three="Relu")
    model.meta.collection_def["Predictions"].node_list.value.extend(["two:0", "one:0", "two:0"])
    edit = added(model, tmp_path)
    assert [(item.name, item.source) for item in edit.outputs] == [
        ("two", "two:0"), ("one", "one:0"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("collection", "tensor"),
    [("others", "two:0"), ("predictions", "absent:0"), ("predictions", "two")],
)
def test_collections_that_tell_nothing(collection: str, tensor: str, tmp_path: Path) -> None:
    model = scored(one="Relu", two="Softmax")
    model.meta.collection_def[collection].node_list.value.append(tensor)
    assert "2 tensors could be the outputs" in asked(model, tmp_path)[0]


def test_results_of_one_name_get_different_ones(tmp_path: Path) -> None:
    model = scored(**{"head/left/Add": "Relu", "head/right/Add": "Relu", "end": "Relu"})
    _, ways, _ = asked(model, tmp_path)
    assert ways == [
        "--output end=end:0",
        "--output left_Add=head/left/Add:0",
        "--output right_Add=head/right/Add:0",
    ]


def test_losses_that_the_author_collected_are_no_results(tmp_path: Path) -> None:
    model = scored(one="Relu", two="Softmax")
    model.meta.collection_def["losses"].node_list.value.append("two:0")
    assert [item.source for item in added(model, tmp_path).outputs] == ["one:0"]


def test_a_loss_is_no_output_by_itself(tmp_path: Path) -> None:
    model = Model(empty=True)
    model.node("image", "Placeholder", dtype=FLOAT, shape=(None, 4))
    model.node("loss", "Mean", ["image"], T=FLOAT, _output_shapes=[()])
    reason, hint = refused(model, tmp_path)
    assert "belongs to training or evaluation: loss:0" in reason
    assert hint == "--output loss=loss:0", "the option that insists"
    edit = added(model, tmp_path, outputs=(("loss", "loss:0"),))
    assert [item.source for item in edit.outputs] == ["loss:0"], "who insists gets it"


def test_only_what_the_outputs_depend_on_is_fed(tmp_path: Path) -> None:
    model = scored(score="Softmax")
    model.node("label", "Placeholder", dtype=Dtype("int64"), shape=(None,))
    model.node("loss", "Mul", ["score", "label"], T=FLOAT)
    model.node("one", "Const", dtype=FLOAT)
    model.node("rate", "PlaceholderWithDefault", ["one"], dtype=FLOAT, shape=())
    model.node("kept", "Mul", ["hidden", "rate"], T=FLOAT)
    edit = added(model, tmp_path, outputs=(("probabilities", "score:0"),))
    assert [item.target for item in edit.inputs] == ["image:0"]
    edit = added(model, tmp_path, outputs=(("loss", "loss"),))
    assert [item.target for item in edit.inputs] == ["image:0", "label:0"], "in the graph's order"
    edit = added(model, tmp_path, outputs=(("kept", "kept"),))
    assert [item.target for item in edit.inputs] == ["image:0"], "rate has a default"


def test_named_outputs(tmp_path: Path) -> None:
    model = scored(score="Softmax", other="Relu")
    edit = added(model, tmp_path, outputs=(("p", "score"), ("h", "hidden:0")))
    assert [(item.name, item.source, str(item)) for item in edit.outputs] == [
        ("p", "score:0", "p: float32[?,4]"), ("h", "hidden:0", "h: float32[?,4]"),
    ]  # fmt: skip


def test_a_tensor_that_is_not_there(tmp_path: Path) -> None:
    reason, hint = refused(scored(score="Softmax"), tmp_path, outputs=(("p", "scores:0"),))
    assert reason == "There is no tensor scores:0 in the graph."
    assert hint == "there are, for example: score:0"


def test_a_tensor_whose_type_the_graph_does_not_say(tmp_path: Path) -> None:
    model = scored(score="Softmax")
    model.node("strange", "SomebodysOwn", ["hidden"])
    for tensor in ("strange:0", "score:1", "score:x"):
        reason, _ = refused(model, tmp_path, outputs=(("p", tensor),))
        assert reason.startswith(f"The dtype of {tensor}"), reason


def test_a_graph_without_a_placeholder(tmp_path: Path) -> None:
    model = Model(empty=True)
    model.node("c", "Const", dtype=FLOAT)
    model.node("y", "Relu", ["c"], T=FLOAT)
    reason, hint = refused(model, tmp_path)
    assert reason == "The graph has no placeholder that an input could be fed to."
    assert "--input NAME:TENSOR" in hint
    model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
    reason, hint = refused(model, tmp_path)
    assert reason == "No tensor of the graph depends on a placeholder and is left unread."
    assert hint == "name one with --output NAME=TENSOR"


def test_a_recorded_signature_is_changed_by_its_own_tensors(tmp_path: Path) -> None:
    model = Model()
    model.signature("predict", method="tensorflow/serving/regress")
    edit = added(model, tmp_path, key="predict", inputs=(parse_input("image:x=[2,3]"),))
    assert (str(edit.source), edit.origin) == ("signature predict", SIGNATURE)
    assert edit.method_name == "tensorflow/serving/regress"
    (given,) = edit.inputs
    assert (given.name, given.shape, given.target) == ("image", (2, 3), "x:0")
    assert (given.origin, given.name_origin) == (OPTION, OPTION)
    assert [(item.name, item.source) for item in edit.outputs] == [("y", "y:0")]


def test_a_sparse_signature_can_only_be_aliased(tmp_path: Path) -> None:
    model = Model()
    sparse = model.signature("predict").inputs["words"].coo_sparse
    sparse.values_tensor_name, sparse.indices_tensor_name = "x:0", "x:0"
    sparse.dense_shape_tensor_name = "x:0"
    reason, _ = refused(model, tmp_path, key="predict", rename=(("y", "score"),))
    assert reason == "words of predict is sparse; it can be aliased, not changed."
    assert planned(model, tmp_path).verdict == "repairable", "an alias"


@pytest.mark.parametrize("frozen", [True, False])
def test_an_operator_that_nobody_has_is_left_out_of_a_frozen_graph(
    frozen: bool, tmp_path: Path
) -> None:
    """A SavedModel with one is left whole, and no command is printed: no loader takes it."""
    model = scored(score="Softmax")
    model.node("post", "OfSomebody", ["score"])
    file = model.write(tmp_path / "m")
    if frozen:
        file = tmp_path / "frozen.pb"
        file.write_bytes(model.meta.graph_def.SerializeToString())
    described = read_any(file)
    assert isinstance(described, SavedModel)
    left_out = (LeaveOut(("OfSomebody",)),) if frozen else ()
    found = plan(described)
    assert read_plan(write_plan(found), "plan") == found
    edits = [item for item in found.edits if isinstance(item, (AddSignature, LeaveOut))]
    assert [item.source for item in edits[0].outputs] == ["score:0"]  # type: ignore[union-attr]
    assert tuple(edits[1:]) == left_out
    (unsigned,) = (item for item in diagnose(described) if item.code == "SIG001")
    assert unsigned.command == (f"sigfix repair {file}" if frozen else "")


def test_all_that_one_operator_which_nobody_has_reads_are_results_together(tmp_path: Path) -> None:
    model = scored(boxes="Tanh", scores="Softmax")
    model.node("post", "TFLite_Detection_PostProcess", ["boxes", "scores"])
    edit = added(model, tmp_path)
    assert [(item.name, item.source) for item in edit.outputs] == [
        ("boxes", "boxes:0"), ("scores", "scores:0"),
    ]  # fmt: skip
    model.node("other", "OfSomebody", ["hidden"])
    model.node("more", "Tanh", ["hidden"], T=FLOAT)
    assert asked(model, tmp_path)[0] == "3 tensors could be the outputs."
