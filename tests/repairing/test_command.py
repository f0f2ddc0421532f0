"""`sigfix repair` as a command: messages, exit codes, what is left behind."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.repairing.running import fingerprint, run_both

X = np.arange(8, dtype="float32").reshape(2, 4)


def sigfix(*arguments, **more):
    return subprocess.run(
        [sys.executable, "-m", "sigfix", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "COLUMNS": "80"},
        **more,
    )


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
        (["--bind", "x"], "old=new"),
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


def test_existing_destination(saved, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "precious").touch()
    done = sigfix("repair", saved("tf1"), "-o", tmp_path / "out", "--no-verify")
    assert done.returncode == 2
    assert "--force" in done.stderr
    assert (tmp_path / "out" / "precious").exists()
    done = sigfix("repair", saved("tf1"), "-o", tmp_path / "out", "--no-verify", "--force")
    assert done.returncode == 0
    assert not (tmp_path / "out" / "precious").exists()
    assert run_both(tmp_path / "out", {"x": X})["logits"].shape == (2, 3)


def test_output_in_the_input_is_refused(saved):
    source = saved("tf1")
    before = fingerprint(source)
    for out in (source, source / "out", source.parent):
        done = sigfix("repair", source, "-o", out, "--force")
        assert done.returncode == 2
        assert "never written" in done.stderr
    assert fingerprint(source) == before


@pytest.mark.parametrize(("name", "why"), [("random", "random"), ("stateful", "keeps state")])
def test_models_without_a_fixed_answer_do_not_pass(saved, tmp_path, name, why):
    done = sigfix("repair", saved(name), "-o", tmp_path / "out")
    assert done.returncode == 1
    assert "not comparable" in done.stderr
    assert why in done.stderr
    assert list(tmp_path.iterdir()) == []
    done = sigfix("repair", saved(name), "-o", tmp_path / "out", "--no-verify")
    assert done.returncode == 0
    assert "numbers not verified: --no-verify" in done.stdout


def test_reaching_operators_need_trust(saved, tmp_path):
    source = saved("reads_files")
    done = sigfix("repair", source, "-o", tmp_path / "out")
    assert done.returncode == 1
    assert "ReadFile (reads files)" in done.stderr
    assert "--trust" in done.stderr
    done = sigfix("repair", source, "-o", tmp_path / "out", "--no-verify")
    assert done.returncode == 0, "repairing itself runs nothing"


def test_given_inputs_and_trust(saved, tmp_path):
    (tmp_path / "hello.txt").write_text("hello")
    np.savez(tmp_path / "inputs.npz", name=np.array(str(tmp_path / "hello.txt")))
    arguments = ["--trust", "--inputs", tmp_path / "inputs.npz"]
    done = sigfix("repair", saved("reads_files"), "-o", tmp_path / "out", *arguments)
    assert done.returncode == 0, done.stderr
    assert "same as the source" in done.stdout
    np.savez(tmp_path / "inputs.npz", other=np.zeros(1))
    done = sigfix("repair", saved("reads_files"), "-o", tmp_path / "no", *arguments)
    assert done.returncode == 2
    assert "takes name" in done.stderr


def test_an_endless_model_is_stopped(saved, tmp_path):
    start = time.monotonic()
    done = sigfix("repair", saved("endless"), "-o", tmp_path / "out", "--timeout", "15")
    assert done.returncode == 1
    assert "stopped after 15 s" in done.stderr
    assert time.monotonic() - start < 60
    assert list(tmp_path.iterdir()) == []


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


def test_full_disk(saved, tmp_path):
    """A file size limit meets the writer in the middle of a file, as a full disk does."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    before = fingerprint(saved("wrapper"))
    done = sigfix(
        "repair", saved("wrapper"), "-o", tmp_path / "out", "--no-verify", preexec_fn=limit
    )
    assert done.returncode == 2
    assert "Nothing was published" in done.stderr
    assert list(tmp_path.iterdir()) == []
    assert fingerprint(saved("wrapper")) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a tmpfs needs root")
def test_really_full_disk(saved, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", small], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting a tmpfs is not allowed here")
    try:
        done = sigfix("repair", saved("wrapper"), "-o", small / "out", "--no-verify")
        assert done.returncode == 2
        assert "the disk is full" in done.stderr
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", small], check=True)


def test_read_only_target(saved):
    done = sigfix("repair", saved("tf1"), "-o", "/proc/out", "--no-verify")
    assert done.returncode == 2
    assert "Cannot write /proc/out" in done.stderr


def _contents(path):
    return {name: line.partition(" ")[0] for name, line in fingerprint(path).items()}


def test_killed_at_any_moment(saved, tmp_path):
    """50 times `kill -9` at a random moment: the whole result or none, and the rest tidied."""
    source, out = saved("wrapper"), tmp_path / "out"
    before = fingerprint(source)
    command = [sys.executable, "-m", "sigfix", "repair", source, "-o", out, "--no-verify"]
    start = time.monotonic()
    assert subprocess.run([*command, "--force"], capture_output=True).returncode == 0
    whole = time.monotonic() - start
    complete = _contents(out)
    generator = random.Random(4)
    unfinished = 0
    for number in range(50):
        force = ["--force"] if number % 2 else []
        if not force and out.exists():
            subprocess.run(["rm", "-r", out], check=True)
        # Most moments lie in the last third, where the writing is; the others lie anywhere, for
        # a first run that was slower than the rest.
        moment = whole * generator.uniform(0.05 if number % 3 == 0 else 0.6, 1.05)
        with subprocess.Popen([*command, *force], stdout=-3, stderr=-3) as child:
            time.sleep(moment)
            child.kill()
        if out.exists():
            assert _contents(out) == complete
        else:
            unfinished += 1
        left = [path.name for path in tmp_path.iterdir() if path.name != "out"]
        assert all(name.startswith(".out.sigfix-staging-") for name in left)
    assert unfinished, "no run was killed before it was done"
    assert subprocess.run([*command, "--force"], capture_output=True).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert fingerprint(source) == before


@pytest.mark.parametrize("name", ["a b", "-dash", "ü*[x]?"])
def test_odd_names(saved, tmp_path, name):
    (tmp_path / name).symlink_to(saved("tf1"))
    done = sigfix("repair", "--no-verify", "--", name, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / f"{name}_repaired" / "saved_model.pb").is_file()
