"""What a stranger missed: which trace was taken, what is dropped in silence, what a fix leaves."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from sigfix.errors import UsageError
from sigfix.pipeline.inspect import inspect
from sigfix.planning import plan
from sigfix.planning.commands import choices_of
from sigfix.quoting import split
from sigfix.reading import read
from sigfix.rendering.inspection_text import finding_lines
from sigfix.rendering.style import Style
from tests.loaders import sigfix
from tests.models import Dtype, Model
from tests.planning.plans import FLOAT, Traced, X, added, of_functions, planned


def flags() -> Model:
    return of_functions({"__call__": Traced(((X, True), (X, False)), ("x", "training"))})


def test_the_trace_that_was_taken_is_told_and_the_other_can_be(tmp_path: Path) -> None:
    notes = planned(flags(), tmp_path).notes
    assert notes[0] == "of the traces of __call__ the one with training=False is taken"
    mark = "another trace of __call__: choose it with "
    assert notes[1].startswith(mark)
    options = split(notes[1].removeprefix(mark))
    chosen = plan(read(tmp_path / "m"), choices_of(options))
    assert chosen.notes[0] == "of the traces of __call__ the one with training=True is taken"


def test_convert_tells_it_as_a_command_that_there_is() -> None:
    from sigfix.pipeline.changing import _as_told

    told = _as_told(Path("m"), "another trace of f: choose it with --function f --bind t=true")
    assert told.startswith("another trace of f: try: sigfix repair m --function f --bind t=true ")
    assert "&& sigfix convert" in told


def test_one_trace_is_no_choice(tmp_path: Path) -> None:
    assert planned(of_functions({"__call__": Traced(((X, True),), ("x", "training"))}),
                   tmp_path).notes == ()  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [
        ["--rename", "x=a", "--rename", "x=b"],
        ["--bind", "t=1", "--bind", "t=2"],
        ["--input", "x=[1]", "--input", "x=[2]"],
        ["--rename-signature", "a=b", "--rename-signature", "a=c"],
    ],
)
def test_two_answers_to_one_question_are_refused(options: list[str]) -> None:
    with pytest.raises(UsageError, match="given twice"):
        choices_of(options)
    choices_of(options[:2] * 2)


def absent(*, number: bool = False, given: bool = False) -> Model:
    """A signature with a result, and a tensor that is not there."""
    model = Model()
    model.node("z", "Softmax", ["x"], T=FLOAT)
    outputs = {
        "y": ("z" if number else "softmax:0", "float32", (None, 3)),
        "r": ("y:0", "float32", (None, 3)),
    }
    if given:
        model.signature(inputs={"x": ("q:0", "float32", (None, 3))})
    else:
        model.signature(outputs=outputs)
    return model


@pytest.mark.parametrize(
    ("model", "command"),
    [
        (absent(), "--output r=r --output y=z:0"),
        (absent(number=True), "--output r=r --output y=z:0"),
        (absent(given=True), "--input x:x:0"),
    ],
)
def test_an_absent_tensor_is_named_and_the_fix_mends_it(
    model: Model, command: str, tmp_path: Path
) -> None:
    found = [i for i in inspect(model.write(tmp_path / "m")).findings if i.code == "SPC107"]
    assert [item.command for item in found] == [f"sigfix repair {tmp_path / 'm'} {command}"]
    done = sigfix("repair", "m", *split(command), "--no-verify", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    left = inspect(tmp_path / "m_repaired")
    assert left.model is not None
    assert not {"SPC107", "SPC101", "SIG013"} & {item.code for item in left.findings}
    (signature,) = left.model.meta_graphs[0].user_signatures
    there = {item.spec.name for item in (*signature.inputs, *signature.outputs)}
    assert there <= {"x:0", "y:0", "z:0"}


def test_a_default_that_means_training_is_bound_in_a_signature_that_there_is(
    tmp_path: Path,
) -> None:
    model = Model()
    constant = model.node("on", "Const", dtype=Dtype("bool"))
    constant.attr["value"].tensor.dtype = 10
    constant.attr["value"].tensor.tensor_shape.SetInParent()
    constant.attr["value"].tensor.bool_val.append(True)
    model.node("is_training", "PlaceholderWithDefault", ["on"], dtype=Dtype("bool"), shape=())
    model.node("z", "Switch", ["y", "is_training"], T=FLOAT)
    model.signature(outputs={"z": ("z:0", "float32", (None, 3))})
    edit = added(model, tmp_path, bind=(("is_training", False),))
    assert [(item.target, item.value) for item in edit.bound] == [("is_training:0", False)]
    assert [item.name for item in edit.inputs] == ["x"]


def test_commands_are_never_among_the_more(tmp_path: Path) -> None:
    names = ("alpha", "beta", "gamma", "delta", "epsilon")
    model = of_functions({name: Traced() for name in names}).write(tmp_path / "m")
    (found,) = [item for item in inspect(model).findings if item.code == "SIG001"]
    lines = finding_lines([found], Style(80, False))
    printed = [line for line in lines if "- or: sigfix repair" in line]
    assert len(printed) == len([text for text in found.evidence if text.startswith("or: ")]) > 3
    assert any(line.strip().startswith("- and ") for line in lines)


def test_an_unknown_rank_of_one_function_among_several(tmp_path: Path) -> None:
    unknown = ("x", "float32", None)
    model = of_functions({"encode": Traced(((unknown,),)), "decode": Traced(((unknown,),))})
    found = inspect(model.write(tmp_path / "m")).findings
    commands = [item.command for item in found if item.code == "SPC101"]
    assert len(commands) == 2
    assert all("--function encode" in text or "--function decode" in text for text in commands)


def test_a_dry_run_says_what_the_run_would_say_of_its_output(tmp_path: Path) -> None:
    flags().write(tmp_path / "m")
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "thesis.doc").write_text("precious")

    def said(*options: str) -> subprocess.CompletedProcess[str]:
        return sigfix("repair", "m", "-o", "there", *options, cwd=tmp_path)

    for more in ((), ("--force",)):
        dry, real = said("--dry-run", *more), said("--no-verify", *more)
        errors = [line for line in real.stderr.splitlines() if line.startswith("error")]
        assert errors
        assert errors[0] in dry.stderr
        assert dry.returncode == real.returncode == 2
        assert "+ signature serving_default" in dry.stdout


def test_a_graph_for_later_readers(tmp_path: Path) -> None:
    model = Model()
    model.meta.graph_def.versions.min_consumer = 5000
    model.signature()
    (found,) = [i for i in inspect(model.write(tmp_path / "m")).findings if i.code == "CON213"]
    assert "GraphDef version 5000" in found.message
    assert "written by" not in found.message


def test_keras_without_traces(tmp_path: Path) -> None:
    model = Model(empty=True)
    model.object_node("user_object").user_object.identifier = "_tf_keras_sequential"
    (found,) = [i for i in inspect(model.write(tmp_path / "m")).findings if i.code == "SIG005"]
    assert "save_traces=False" in found.message
    assert "load_model" in found.evidence[0]
    decided = plan(read(tmp_path / "m"))
    assert decided.verdict == "blocked"
    assert "save_traces=False" in decided.reason
