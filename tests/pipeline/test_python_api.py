"""The functions of `import sigfix`, and what they return."""

from __future__ import annotations

import dataclasses
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import sigfix


def test_every_name_is_there():
    for name in sigfix.__all__:
        assert getattr(sigfix, name) is not None
    assert set(sigfix.__all__) <= set(dir(sigfix))
    with pytest.raises(AttributeError):
        sigfix.nothing  # noqa: B018


def test_importing_is_cheap():
    code = "import sigfix, sys; print(sorted({m.split('.')[0] for m in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for heavy in ("tensorflow", "numpy", "google", "typer"):
        assert f"'{heavy}'" not in done.stdout


def test_plan_repair_verify_diff(saved, tmp_path):
    source = saved("several_signatures")
    undecided = sigfix.plan(source)
    assert (undecided.verdict, len(undecided.candidates)) == ("ambiguous", 2)
    choices = sigfix.Choices(from_key=("double",))
    plan = sigfix.plan(str(source), choices)
    assert plan.is_metadata_only
    with pytest.raises(dataclasses.FrozenInstanceError):
        plan.verdict = "healthy"
    result = sigfix.repair(source, tmp_path / "out", choices)
    assert isinstance(result, sigfix.RepairResult)
    assert sigfix.inspect(result.output).model.meta_graphs[0].signature("serving_default")
    parities = sigfix.verify(source, result.output)
    assert {item.key: item.verdict for item in parities} == {"double": "same", "square": "same"}
    back = sigfix.verify(result.output, source, inputs={"x": np.float32([1, 2])})
    assert {item.key: item.verdict for item in back}["serving_default"] == "different"
    assert [item.area for item in sigfix.diff(source, result.output)] == ["signature"]


def test_verify_finds_a_changed_weight(saved, tmp_path):
    import tensorflow as tf

    model = tf.saved_model.load(str(saved("healthy")))
    model.weight.assign([[1.0], [2.001]])
    signatures = {"serving_default": model.signatures["serving_default"]}
    tf.saved_model.save(model, str(tmp_path / "other"), signatures=signatures)
    (parity,) = sigfix.verify(saved("healthy"), tmp_path / "other")
    assert parity.verdict == "different"
    assert 1e-5 < parity.largest < 1e-2
    assert "y" in parity.reason


def test_nothing_to_verify(saved):
    with pytest.raises(sigfix.SigfixError, match="no signature"):
        sigfix.verify(saved("wrapper"), saved("wrapper"))


def test_paths_may_be_texts(saved, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = str(saved("several_signatures"))
    np.savez("given.npz", x=np.float32([1, 2]))
    unchecked = sigfix.RepairOptions(verify=False, keep_failed="kept")
    done = sigfix.repair(model, "out", sigfix.Choices(from_key=("double",)), unchecked)
    assert (done.output, done.output.is_dir()) == (pathlib.Path("out"), True)
    assert sigfix.inspect("out").findings == sigfix.inspect(done.output).findings
    assert sigfix.plan("out").verdict == "healthy"
    assert sigfix.diff("out", "out") == []
    assert {item.verdict for item in sigfix.verify("out", "out")} == {"same"}
    options = sigfix.ConvertOptions(inputs="given.npz", keep_failed="kept", samples=None)
    assert options.inputs == pathlib.Path("given.npz")
    web = sigfix.convert("out", "web", dataclasses.replace(options, verify=False))
    assert (web.output / "model.json").is_file()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: sigfix.inspect("nothing", target="tfsj"),
        lambda: sigfix.inspect("nothing", selected=("SIG999",)),
        lambda: sigfix.RepairOptions(seconds=-5),
        lambda: sigfix.RepairOptions(seconds=float("nan")),
        lambda: sigfix.RepairOptions(verify=False, run=True),
        lambda: sigfix.RepairOptions(verify=False, inputs={}),
        lambda: sigfix.ConvertOptions(seconds=0),
        lambda: sigfix.ConvertOptions(tolerance=-1.0),
        lambda: sigfix.verify("nothing", "nothing", seconds=-1),
        lambda: sigfix.verify("nothing", "nothing", tolerance=float("inf")),
        lambda: sigfix.convert("nothing", options=sigfix.ConvertOptions(target="webgl")),
        lambda: sigfix.inspect("nothing"),
        lambda: sigfix.plan("nothing"),
        lambda: sigfix.repair("nothing", "out"),
        lambda: sigfix.diff("nothing", "nothing"),
    ],
)
def test_wrong_arguments_are_errors_of_sigfix(wrong, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(sigfix.SigfixError):
        wrong()


def test_one_text_is_one_of_several(saved):
    model = saved("several_signatures")
    one = sigfix.Choices(from_key="double", set_tags="serve, gpu", remove="square")
    assert one == sigfix.Choices(
        from_key=("double",), set_tags=("serve", "gpu"), remove=("square",)
    )
    assert sigfix.plan(model, one).verdict == "repairable"
    assert sigfix.Choices(tags="") == sigfix.Choices(tags=())
    assert sigfix.Choices().tags is None
