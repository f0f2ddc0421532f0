"""The Dockerfile: built and run where docker or podman can, as docs/in-ci.md says it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.diagnosis.broken_models import no_serving_default
from tests.environments import ROOT

TEXT = (ROOT / "Dockerfile").read_text("utf-8")
PAGE = (ROOT / "docs" / "in-ci.md").read_text("utf-8")


def engine() -> str:
    """The first program that builds containers here; without one a test is skipped, saying why."""
    said = "neither docker nor podman is installed"
    for name in ("docker", "podman"):
        if shutil.which(name):
            done = subprocess.run([name, "info"], capture_output=True, text=True, timeout=60)
            lines = (done.stdout + done.stderr).strip().splitlines()
            problem = next((line for line in lines if "annot connect" in line), "")
            if done.returncode == 0 and not problem:
                return name
            said = f"{name} cannot be used: {problem or lines[-1]}"
    pytest.skip(said)


def commands() -> list[str]:
    """The page's lines, without their comments."""
    section = PAGE[PAGE.index("## In a container") :]
    block = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert block
    return [re.sub(r"\s+#.*", "", line) for line in block[1].splitlines()]


def test_what_it_copies_is_there_and_is_let_in() -> None:
    copied = {
        name for line in re.findall(r"^COPY (.*) \S+$", TEXT, re.MULTILINE) for name in line.split()
    }
    let_in = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
        if line.startswith("!")
    }
    assert copied == let_in >= {"pyproject.toml", "sigfix"}
    assert all((ROOT / name).exists() for name in copied)


def test_what_it_installs_is_an_extra() -> None:
    extras = (ROOT / "pyproject.toml").read_text("utf-8")
    named = {name for found in re.findall(r"'\.\[(.*?)\]'", TEXT) for name in found.split(",")}
    assert named == {"checksums", "pictures", "all"}
    assert all(re.search(rf"^{name} = \[", extras, re.MULTILINE) for name in named)


def test_the_page_builds_the_stages_that_there_are() -> None:
    stages = re.findall(r"^FROM \S+ AS (\w+)$", TEXT, re.MULTILINE)
    assert stages == ["inspect", "everything"]
    assert re.findall(r"--target (\w+)", "\n".join(commands())) == ["inspect"]
    assert TEXT.rstrip().endswith("USER sigfix")  # what is built last is not root's either


@pytest.mark.matrix
def test_what_inspects_is_built_and_inspects(tmp_path: Path) -> None:
    program = engine()
    no_serving_default().write(tmp_path / "m")
    build, run, *_ = [line.replace("docker", program, 1) for line in commands()]
    subprocess.run(build, shell=True, cwd=ROOT, check=True)
    done = subprocess.run(run, shell=True, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert "SIG002" in done.stdout
    look = f"{program} run --rm --entrypoint python sigfix -c 'import tensorflow'"
    assert subprocess.run(look, shell=True, capture_output=True).returncode == 1


@pytest.mark.matrix
def test_everything_is_built_and_repairs(tmp_path: Path) -> None:
    program = engine()
    no_serving_default().write(tmp_path / "model")
    *_, build, run = [line.replace("docker", program, 1) for line in commands()]
    subprocess.run(build, shell=True, cwd=ROOT, check=True)
    subprocess.run(run, shell=True, cwd=tmp_path, check=True)
    assert (tmp_path / "model_repaired" / "saved_model.pb").is_file()
