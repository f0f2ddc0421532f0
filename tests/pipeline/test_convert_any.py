"""`convert` in one step: of frozen graphs, Keras files and models without a signature, renamed,
with fixed sizes and a mean taken off; always against the source as it was."""

from __future__ import annotations

import json
import shlex
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from sigfix.cli.main import main
from sigfix.errors import BlockedError, ConversionError, ParityError, SigfixError, UsageError
from sigfix.pipeline.conversion_options import ConvertOptions, ConvertResult
from sigfix.pipeline.convert import _named, convert
from sigfix.pipeline.prepared import SourceChoice
from sigfix.planning.parsing import parse_input, parse_normalize
from sigfix.rendering.conversion_json import conversion_data, conversion_schema

if absent := [name for name in ("tensorflow", "tensorflowjs") if find_spec(name) is None]:
    pytest.skip(f"needs {', '.join(absent)}", allow_module_level=True)


@pytest.fixture(scope="module", autouse=True)
def _with_tfjs(node_packages):
    """Every test here runs TensorFlow.js."""


def _ends(result: ConvertResult) -> tuple[dict, dict]:
    inputs, outputs = (
        {name: spec.shape for name, spec in side.items()}
        for side in (result.inputs, result.outputs)
    )
    return inputs, outputs


def _validated(result: ConvertResult) -> dict:
    jsonschema = pytest.importorskip("jsonschema")
    data = json.loads(json.dumps(conversion_data(result), default=str))
    jsonschema.Draft202012Validator(conversion_schema()).validate(data)
    return data


def test_a_frozen_graph_with_other_names_and_sizes(saved, tmp_path):
    (file,) = saved("frozen").glob("*.pb")
    choice = SourceChoice(inputs=(parse_input("x=3,2"),), rename=(("x", "row"), ("y", "score")))
    result = convert(file, tmp_path / "web", ConvertOptions(choice))
    assert _ends(result) == ({"row": (3, 2)}, {"score": (3, 2)})
    assert {item.reference for item in result.comparisons} == {"the source"}
    data = _validated(result)
    assert (data["verdict"], data["source"]["kind"]) == ("same", "frozen graph")


def test_a_frozen_graph_without_the_custom_operators_at_its_end(tmp_path):
    """As TensorFlow Lite's detectors were frozen: no TensorFlow has the last operator."""
    import tensorflow as tf

    v1 = tf.compat.v1
    with tf.Graph().as_default() as graph:
        x = v1.placeholder("float32", [1, 4], name="x")
        boxes = tf.tanh(x, name="boxes")
        tf.nn.softmax(x, name="scores")
    definition = graph.as_graph_def()
    last = definition.node.add(name="post", op="TFLite_Detection_PostProcess")
    last.input.extend(["boxes", "scores"])
    definition.node.add(name="after", op="Identity", input=["post"]).attr["T"].type = 1
    file = tmp_path / "detector.pb"
    file.write_bytes(definition.SerializeToString())
    assert boxes.name == "boxes:0"
    with pytest.raises(SigfixError, match="TFLite_Detection_PostProcess"):
        convert(file, tmp_path / "needs_it")  # the Identity is the result
    del definition.node[-1]
    file.write_bytes(definition.SerializeToString())
    result = convert(file, tmp_path / "web")
    assert set(result.outputs) == {"boxes", "scores"}
    assert {item.reference for item in result.comparisons} == {"the source"}


def test_a_keras_file_against_keras(saved, tmp_path):
    file = tmp_path / "two.keras"
    shutil.copyfile(saved("keras_file") / "two.keras", file)
    result = convert(file)
    assert result.output == tmp_path / "two_tfjs"
    assert set(result.outputs) == {"a", "b"}
    assert {item.reference for item in result.comparisons} == {"Keras"}


def test_a_saved_model_without_a_signature_with_its_mean_taken_off(saved, tmp_path):
    plain = convert(saved("image"), tmp_path / "plain", ConvertOptions(verify=False))
    assert any("it has no signature" in note for note in plain.notes)
    choice = SourceChoice(normalize=parse_normalize("0.5,0.25"))
    result = convert(saved("image"), tmp_path / "web", ConvertOptions(choice))
    assert all(item.parity.ok for item in result.comparisons)
    assert result.operators != plain.operators


def test_the_source_is_named_and_no_copy_of_it(tmp_path):
    copy, source = tmp_path / "sigfix-run-1" / "changed", Path("model")
    with pytest.raises(ConversionError) as raised, _named(copy, source):
        raise ConversionError(f"{copy} keeps a state", f"sigfix inspect {copy}")
    assert (raised.value.message, raised.value.hint) == (
        "model keeps a state",
        "sigfix inspect model",
    )
    assert str(raised.value) == "model keeps a state"


@pytest.mark.matrix  # where numbers differ, the source's noise is measured: a minute
def test_what_is_planned_wrong_is_found_out(saved, tmp_path, monkeypatch):
    """The source is computed from the plan by itself: a rename that mixes outputs up is seen."""
    from sigfix.verifying import signature_check

    expected = signature_check.expected_outputs
    monkeypatch.setattr(
        signature_check,
        "expected_outputs",
        lambda edit, outputs: {k: v + np.float32(1) for k, v in expected(edit, outputs).items()},
    )
    choice = SourceChoice(rename=(("x", "row"),))
    with pytest.raises(ParityError, match="differs"):
        convert(saved("healthy"), tmp_path / "web", ConvertOptions(choice))
    assert not (tmp_path / "web").exists()


def test_an_onnx_file_goes_by_other_names(saved, tmp_path):
    (file,) = saved("onnx_file").glob("*.onnx")
    choice = SourceChoice(
        inputs=(parse_input("picture:pixels=float32[2,3,8,8]"),),
        rename=(("feature.map", "features"), ("logits", "scores")),
    )
    np.savez(tmp_path / "in.npz", pixels=np.ones((2, 3, 8, 8), np.float32))
    options = ConvertOptions(choice, inputs=tmp_path / "in.npz")
    result = convert(file, tmp_path / "web", options)
    assert _ends(result) == (
        {"picture": (2, 3, 8, 8)},
        {"features": (2, 4, 8, 8), "scores": (2, 4)},
    )
    assert all(item.parity.ok for item in result.comparisons)
    _validated(result)


@pytest.mark.parametrize(
    ("name", "choice", "said"),
    [
        ("healthy", {"rename": (("z", "b"),)}, "--rename z"),
        ("healthy", {"inputs": (parse_input("x=1,3"),)}, "accepts the shape"),
        ("healthy", {"normalize": parse_normalize("nothere:1,2")}, "nothere"),
        ("two_functions", {}, "no signature"),
        ("tf1_dropout", {"outputs": (("p", "absent:0"),)}, "absent"),
    ],
)
def test_what_cannot_be_changed_so_is_said_before_anything_is_run(
    saved, tmp_path, name, choice, said
):
    with pytest.raises(BlockedError, match=said) as raised:
        convert(saved(name), tmp_path / "web", ConvertOptions(SourceChoice(**choice)))
    assert raised.value.hint
    assert not (tmp_path / "web").exists()


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"rename": (("nothere", "b"),)}, "there is no nothere; there are pixels"),
        ({"rename": (("logits", "b"), ("feature.map", "b"))}, "would be called b"),
        ({"inputs": (parse_input("pixels=uint8[1,3,8,8]"),)}, "pixels is float32 in the file"),
        ({"outputs": (("p", "x:0"),)}, "--output"),
        ({"normalize": parse_normalize("1,2")}, "--normalize"),
    ],
)
def test_of_an_onnx_file_too(saved, tmp_path, choice, said):
    (file,) = saved("onnx_file").glob("*.onnx")
    with pytest.raises(UsageError, match=said):
        convert(file, tmp_path / "web", ConvertOptions(SourceChoice(**choice)))


def test_the_commands_for_what_convert_cannot_choose_are_whole(saved, tmp_path, monkeypatch):
    """`tf1_heads` has signatures that none is the default of, and `convert` can name one."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(saved("tf1_dropout"), "m")
    with pytest.raises(SigfixError) as raised:
        convert("m", "web")
    first, *rest = (raised.value.hint or "").split("   #")[0].split(" && ")
    for command in (first, *rest):
        words = shlex.split(command)
        assert words[0] == "sigfix"
        with pytest.raises(SystemExit) as ended:
            main([*words[1:], "--no-verify", "-q"])
        assert not ended.value.code
    assert list(Path().glob("*_tfjs/model.json"))
