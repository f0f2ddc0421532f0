"""Placeholders and sinks of TF1 graphs as possible inputs and outputs."""

from __future__ import annotations

from pathlib import Path

from sigfix.describing.candidates import input_candidates, output_candidates, unsigned_candidates
from sigfix.model import MetaGraph
from sigfix.reading import read
from tests.corpus import CORPUS, needs_corpus
from tests.models import Dtype, Model, healthy

FLOAT = Dtype("float32")


def meta(model: Model, path: Path) -> MetaGraph:
    return read(model.write(path / "m")).meta_graphs[0]


def test_placeholder_and_sink(tmp_path: Path) -> None:
    found = meta(Model(), tmp_path)
    assert [item.spec.name for item in input_candidates(found)] == ["x:0"]
    assert [item.spec.name for item in output_candidates(found)] == ["y:0"]


def test_saver_and_constants_are_no_candidates(tmp_path: Path) -> None:
    model = Model()
    model.node("save/filename", "PlaceholderWithDefault", dtype=Dtype("string"), shape=())
    model.node("save/Identity", "Identity", ["save/filename"], T=Dtype("string"))
    model.node("lonely", "Const", dtype=FLOAT)
    model.meta.saver_def.restore_op_name = "save/restore_all"
    model.meta.saver_def.filename_tensor_name = "save/filename:0"
    found = meta(model, tmp_path)
    assert [item.spec.name for item in input_candidates(found)] == ["x:0"]
    assert [item.spec.name for item in output_candidates(found)] == ["y:0"]


def test_telling_names_come_first_and_training_last(tmp_path: Path) -> None:
    model = Model()
    model.node("a_branch", "Tanh", ["x"], T=FLOAT)
    model.node("probabilities", "Softmax", ["x"], T=FLOAT)
    model.node("a_loss", "Neg", ["x"], T=FLOAT)
    found = output_candidates(meta(model, tmp_path))
    assert found[0].spec.name == "probabilities:0"
    assert found[-1].spec.name == "a_loss:0"
    assert any("name" in text for text in found[0].evidence)


def test_operators_that_nobody_has_are_no_results_and_what_they_read_is(tmp_path: Path) -> None:
    model = Model()
    model.node("boxes", "Tanh", ["x"], T=FLOAT)
    model.node("scores", "Softmax", ["x"], T=FLOAT)
    model.node("anchors", "Const", dtype=FLOAT)
    model.node("post", "TFLite_Detection_PostProcess", ["boxes", "scores", "anchors"])
    model.node("more", "OfSomebody", ["post"])
    found = output_candidates(meta(model, tmp_path))
    assert {item.spec.name for item in found} == {"boxes:0", "scores:0", "y:0"}
    (boxes,) = (item for item in found if item.spec.name == "boxes:0")
    assert boxes.evidence == (
        "only TFLite_Detection_PostProcess reads it, which TensorFlow does not have",
    )


def test_one_in_the_middle_makes_no_results_of_what_it_reads(tmp_path: Path) -> None:
    model = Model()
    model.node("a", "Tanh", ["x"], T=FLOAT)
    model.node("b", "OfSomebody", ["a"])
    model.node("c", "Tanh", ["b"], T=FLOAT)
    found = output_candidates(meta(model, tmp_path))
    assert {item.spec.name for item in found} == {"c:0", "y:0"}


@needs_corpus
def test_foreign_graphs_offer_what_their_signatures_use() -> None:
    """Where the author's signature is known, its tensors are among the candidates."""
    for name in ("mlnet_string", "predictor_sum_product", "triton_sequence_bool"):
        found = read(CORPUS / name).meta_graphs[0]
        inputs = {item.spec.name for item in input_candidates(found)}
        outputs = {item.spec.name for item in output_candidates(found)}
        for signature in found.user_signatures:
            assert {item.spec.name for item in signature.inputs} <= inputs
            assert {item.spec.name for item in signature.outputs} <= outputs


def test_what_no_signature_has_is_still_a_candidate(tmp_path: Path) -> None:
    model = healthy()
    model.node("keep_prob", "PlaceholderWithDefault", ["x"], dtype=Dtype("float32"), shape=())
    model.node("score", "Mul", ["x", "rate"], T=Dtype("float32"))
    model.node("rate", "Placeholder", dtype=Dtype("float32"), shape=())
    for scope in ("save", "save_1"):
        model.node(f"{scope}/filename", "Placeholder", dtype=Dtype("string"), shape=())
        model.node(f"{scope}/SaveV2", "SaveV2", [f"{scope}/filename"])
    inputs, outputs = unsigned_candidates(meta(model, tmp_path))
    assert [item.spec.name for item in inputs] == ["rate:0"]
    assert [item.spec.name for item in outputs] == ["score:0"]
    assert outputs[0].evidence == ("Mul that nothing reads", "its name tells of a result")
