"""What `sigfix repair` promises: the input untouched, the whole result or none, no surprise."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.loaders import fingerprint, run_both, sigfix

X = np.arange(8, dtype="float32").reshape(2, 4)


def test_existing_destination(saved, tmp_path):
    arguments = ("repair", saved("tf1"), "-o", tmp_path / "out", "--no-verify")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "precious").touch()
    for force in ([], ["--force"]):
        done = sigfix(*arguments, *force)
        assert done.returncode == 2
        assert "is a directory of something else, no model (it holds precious)" in done.stderr
        assert (tmp_path / "out" / "precious").exists()
    (tmp_path / "out" / "precious").rename(tmp_path / "precious")
    for number in range(2):
        done = sigfix(*arguments, "--force")
        assert done.returncode == 0, f"run {number}: {done.stderr}"
    done = sigfix(*arguments)
    assert done.returncode == 2
    assert "--force" in done.stderr
    assert run_both(tmp_path / "out", {"x": X})["logits"].shape == (2, 3)


def test_what_the_model_brought_along_does_not_keep_its_result_from_being_replaced(saved, tmp_path):
    shutil.copytree(saved("tf1"), tmp_path / "model")
    (tmp_path / "model" / "README.md").write_text("about it")
    arguments = ("repair", tmp_path / "model", "-o", tmp_path / "out", "--no-verify")
    assert sigfix(*arguments).returncode == 0
    assert (tmp_path / "out" / "README.md").exists()
    assert sigfix(*arguments, "--force").returncode == 0
    (tmp_path / "out" / "README.md").write_text("written since")
    done = sigfix(*arguments, "--force")
    assert done.returncode == 2
    assert "holds more than a model: README.md" in done.stderr
    assert (tmp_path / "out" / "README.md").read_text() == "written since"


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
    assert "ReadFile in function " in done.stderr
    assert "(reads files)" in done.stderr
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
    for wrong, said in (
        ({"other": np.zeros(1)}, "it has no 'name'; the model has no input 'other'"),
        ({"name": np.zeros(1)}, "'name' in --inputs"),
        ({"name": np.array(["a", "b"])}, "has shape [2]; the model takes []"),
    ):
        np.savez(tmp_path / "inputs.npz", **wrong)
        done = sigfix("repair", saved("reads_files"), "-o", tmp_path / "no", *arguments)
        assert done.returncode == 2
        assert said in " ".join(done.stderr.split())


def test_an_endless_model_is_stopped(saved, tmp_path):
    start = time.monotonic()
    done = sigfix("repair", saved("endless"), "-o", tmp_path / "out", "--timeout", "15")
    assert done.returncode == 1
    assert "stopped after 15 s" in done.stderr
    assert "try: --timeout 60 " in done.stderr
    assert time.monotonic() - start < 60
    assert list(tmp_path.iterdir()) == []


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


def test_asset_names_cannot_lead_out_of_the_output(saved, tmp_path):
    """An AssetFileDef names a file; a hostile one names one elsewhere."""
    from sigfix.reading import load_message

    hostile, precious = tmp_path / "in" / "model", tmp_path / "precious"
    shutil.copytree(saved("wrapper"), hostile)
    precious.write_text("mine")
    message, _ = load_message(hostile)
    for asset in message.meta_graphs[0].asset_file_def:
        asset.filename = "../../../precious"
    (hostile / "saved_model.pb").write_bytes(message.SerializeToString())
    done = sigfix("repair", hostile, "-o", tmp_path / "out" / "model", "--no-verify")
    assert done.returncode == 0, done.stderr
    assert precious.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out", "precious"]
    written = {path.name for path in (tmp_path / "out").rglob("*")}
    assert written <= {path.name for path in (tmp_path / "in").rglob("*")}


def test_links_in_the_model_are_followed_not_kept(saved, tmp_path):
    """A model whose variables lie elsewhere in it is copied whole; the result stands alone."""
    linked = tmp_path / "linked"
    shutil.copytree(saved("wrapper"), linked)
    (linked / "variables").rename(linked / "elsewhere")
    (linked / "variables").symlink_to("elsewhere")
    done = sigfix("repair", linked, "-o", tmp_path / "out", "--no-verify")
    assert done.returncode == 0, done.stderr
    assert not any(path.is_symlink() for path in (tmp_path / "out").rglob("*"))
    (linked / "elsewhere").rename(tmp_path / "elsewhere")
    for target in (linked, tmp_path / "elsewhere"):
        (linked / "variables").unlink()
        (linked / "variables").symlink_to(target)
        done = sigfix("repair", linked, "-o", tmp_path / "refused", "--no-verify")
        assert done.returncode == 1
        assert "link" in done.stdout
        assert not (tmp_path / "refused").exists()
