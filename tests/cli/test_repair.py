"""`sigfix repair` as a command: plans, results, messages, exit codes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.loaders import sigfix


def test_plan_result_and_default_output(saved, tmp_path):
    (tmp_path / "model").symlink_to(saved("wrapper"))
    done = sigfix("repair", "model", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "+ signature serving_default from function __call__" in done.stdout
    assert "[trace]" in done.stdout
    assert "largest difference 0 of an output's range" in done.stdout
    assert "loading model and the result with TensorFlow" in done.stderr
    assert (tmp_path / "model_repaired" / "saved_model.pb").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "model_repaired"]
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_ambiguous_lists_and_exits_1(saved, tmp_path):
    done = sigfix("repair", saved("two_functions"), "-o", tmp_path / "out")
    assert done.returncode == 1
    assert "--function encode" in done.stdout
    assert "--function decode" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_neither_model_nor_preset():
    done = sigfix("repair")
    assert done.returncode == 2
    assert "--preset" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--input", "x=float33[1]"], "float33"),
        (["--input", "=["], "--input"),
        (["--bind", "x"], "--bind NAME=VALUE"),
        (["--append", "p=tanh(y)"], "sigmoid"),
        (["--normalize", "1,0"], "std"),
        (["--layout", "nhcw"], "nhwc"),
        (["--format", "yaml"], "json"),
        (["--plan", "absent.json"], "absent.json"),
        (["--inputs", "absent.npz"], "absent.npz"),
    ],
)
def test_misused_options_are_named(saved, tmp_path, arguments, word):
    done = sigfix("repair", saved("healthy"), "-o", tmp_path / "out", *arguments)
    assert done.returncode == 2
    assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [None, b"", b"hello, world\n", b"\x0a\x05abc"])
def test_bad_input(tmp_path, content):
    model = tmp_path / "model"
    if content is not None:
        model.mkdir()
        (model / "saved_model.pb").write_bytes(content)
    done = sigfix("repair", model)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "model_repaired").exists()


def test_dry_run_shows_the_difference_and_writes_nothing(saved, tmp_path):
    done = sigfix("repair", saved("tf1"), "--dry-run", cwd=tmp_path)
    assert done.returncode == 0
    assert "+ serving_default  (tensorflow/serving/predict)" in done.stdout
    assert "+     in   x: float32[?,4]" in done.stdout
    assert list(tmp_path.iterdir()) == []
    assert not saved("tf1").with_name("tf1_repaired").exists()


def test_dry_run_without_tensorflow_and_numpy(saved):
    code = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(('tensorflow', 'numpy', 'keras')))\n"
        "from sigfix.cli.main import main\n"
        "main(sys.argv[1:])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "repair", saved("wrapper"), "--dry-run"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    done = subprocess.run(
        [sys.executable, "-c", code, "repair", saved("wrapper")], capture_output=True, text=True
    )
    assert done.returncode == 2, done.stderr
    assert "pip install 'sigfix[tf]'" in done.stderr
    assert not saved("wrapper").with_name("wrapper_repaired").exists()


def test_a_saved_plan_is_applied_again(saved, tmp_path):
    source = saved("image")
    arguments = ["--layout", "nhwc", "--append", "p=softmax(logits)"]
    done = sigfix("repair", source, "--dry-run", "--format", "json", *arguments)
    assert done.returncode == 0
    (tmp_path / "plan.json").write_text(done.stdout)
    made = sigfix("repair", source, "--plan", tmp_path / "plan.json", "-o", tmp_path / "one")
    assert made.returncode == 0, made.stderr
    direct = sigfix("repair", source, "-o", tmp_path / "two", "--no-verify", *arguments)
    assert direct.returncode == 0
    one, two = (tmp_path / name / "saved_model.pb" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    wrong = sigfix("repair", saved("tf1"), "--plan", tmp_path / "plan.json", "-o", tmp_path / "no")
    assert wrong.returncode == 1
    assert "another model" in wrong.stderr
    (tmp_path / "plan.json").write_text("{}")
    broken = sigfix("repair", source, "--plan", tmp_path / "plan.json")
    assert broken.returncode == 2


def test_json_of_a_result(saved, tmp_path):
    done = sigfix("repair", saved("tf1"), "-o", tmp_path / "out", "--format", "json", "-q")
    assert done.returncode == 0
    assert done.stderr == ""
    data = json.loads(done.stdout)
    assert data["repair"]["plan"]["verdict"] == "repairable"
    assert data["parity"][0]["verdict"] == "same"
    assert data["output"] == str(tmp_path / "out")
