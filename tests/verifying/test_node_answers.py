"""What the program in Node.js answers is whole, or no answer."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest

from sigfix.errors import NotVerifiedError
from sigfix.verifying.inputs.cases import Given
from sigfix.verifying.runners import node, tfjs
from sigfix.verifying.runners.tfjs_model import tfjs_model
from sigfix.verifying.running import run
from tests.verifying.programs import write_program

ONE_RUN = {
    "fast_runs": None,
    "mode": "execute",
    "backend": "wasm",
    "tfjs": "4.22.0",
    "load_ms": 1.0,
    "runs": [{"outputs": []}],
    "times_ms": [],
    "kernels": [],
}
ENTRY = {"name": "y", "dtype": "float32", "shape": [1], "file": "/nowhere"}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("[1]", "in another form"),
        ("null", "in another form"),
        ('"text"', "in another form"),
        ("{}", "in another form: 'runs'"),
        ("{", "ended without a result"),
        ("\udcff", "ended without a result"),
        ("[" * 100_000, "ended without a result"),
        ('{"error": "lost"}', "did not start: lost"),
        ('{"error": 3, "stage": []}', "did not start: 3"),
        (json.dumps({**ONE_RUN, "runs": []}), "leaves out what was asked for"),
        (json.dumps(ONE_RUN), "leaves out what was asked for"),
        (json.dumps({**ONE_RUN, "runs": [{}]}), "in another form: 'outputs'"),
        (json.dumps({**ONE_RUN, "runs": 3}), "in another form"),
        (json.dumps({**ONE_RUN, "times_ms": None}), "in another form"),
        (json.dumps({**ONE_RUN, "kernels": [{"x": 1}]}), "in another form"),
        (json.dumps({**ONE_RUN, "runs": [{"outputs": [ENTRY]}]}), "in another form"),
        (json.dumps({**ONE_RUN, "runs": [{"outputs": [{**ENTRY, "dtype": 5}]}]}), "another form"),
        (json.dumps({**ONE_RUN, "runs": [{"outputs": [{**ENTRY, "file": 5}]}]}), "another form"),
    ],
)
def test_a_runner_that_answers_in_another_form_is_not_verified(tmp_path, monkeypatch, answer, why):
    (tmp_path / "answer").write_text(answer, errors="surrogateescape")
    script = f'cp {tmp_path}/answer "$(dirname "$2")/result.json"'
    program = write_program(tmp_path / "bin" / "node", script)
    monkeypatch.setattr(node, "find_node", lambda: node.Node(program, (), "22.0.0"))
    monkeypatch.setattr(node, "packages_directory", lambda found: tmp_path)
    with pytest.raises(NotVerifiedError, match=why):
        tfjs.run(tmp_path, [{"x": np.zeros(1, "float32")}], ["y"])


WHOLE = {
    "mode": "execute",
    "backend": "wasm",
    "tfjs": "4.22.0",
    "load_ms": 1.0,
    "times_ms": [],
    "kernels": [],
    "fast_runs": None,
}
OUTPUT = {"name": "y", "dtype": "float32", "shape": [2], "file": "FOLDER/y.bin"}


@pytest.fixture
def answering(without_path, without_wheel, monkeypatch):
    """Let Node.js be a program that answers with what it is told, and `y` as eight bytes."""
    program = without_path / "node"
    monkeypatch.setattr(node, "find_node", lambda: node.Node(program, (), "22.0.0"))
    monkeypatch.setattr(node, "packages_directory", lambda found: without_path)

    def answer(content):
        program.write_text(
            f"#!{sys.executable}\n"
            "import sys\n"
            "from pathlib import Path\n"
            "folder = Path(sys.argv[2]).parent\n"
            "(folder / 'y.bin').write_bytes(bytes(8))\n"
            f"(folder / 'result.json').write_text({content!r}.replace('FOLDER', str(folder)))\n"
        )
        program.chmod(0o755)

    return answer


def test_a_whole_answer_is_read(answering, tmp_path):
    answering(json.dumps({**WHOLE, "runs": [{"outputs": [OUTPUT]}]}))
    found = tfjs.run(tmp_path, [{}], ["y"])
    assert [outputs["y"].tolist() for outputs in found.outputs] == [[0, 0]]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "null",
        "[]",
        "3",
        "{}",
        json.dumps({"error": "no stage"}),
        json.dumps(WHOLE),
        json.dumps({**WHOLE, "runs": None}),
        json.dumps({**WHOLE, "runs": [None]}),
        json.dumps({**WHOLE, "runs": [{}]}),
        json.dumps({**WHOLE, "runs": [{"outputs": [None]}]}),
        json.dumps({**WHOLE, "runs": [{"outputs": [{**OUTPUT, "shape": [3]}]}]}),
        json.dumps({**WHOLE, "runs": [{"outputs": [{**OUTPUT, "file": "FOLDER/absent"}]}]}),
        json.dumps({**WHOLE, "runs": [{"outputs": [{**OUTPUT, "dtype": "string"}]}]}),
        json.dumps({**WHOLE, "runs": [{"outputs": [{**OUTPUT, "dtype": "float99"}]}]}),
    ],
)
def test_half_an_answer_is_none(answering, tmp_path, content):
    answering(content)
    with pytest.raises(NotVerifiedError):
        tfjs.run(tmp_path, [{}], ["y"])


@pytest.mark.parametrize("runs", [0, 1, 3])
def test_an_answer_for_fewer_or_more_cases_is_none(answering, tmp_path, runs):
    answering(json.dumps({**WHOLE, "runs": [{"outputs": [OUTPUT]}] * runs}))
    with pytest.raises(NotVerifiedError, match="leaves out what was asked for"):
        run(tfjs_model(tmp_path, ["y"]), [Given({}), Given({})])
