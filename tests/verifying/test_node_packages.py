"""TensorFlow.js for Node.js is installed once and kept whole."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sigfix.errors import NotVerifiedError
from sigfix.verifying.runners import node
from tests.verifying.programs import write_program


def _installing_npm(folder, script=""):
    """A program that installs small packages as npm would, and counts how often."""
    install = "".join(
        f"mkdir -p node_modules/{name}/dist; echo '{{}}' > node_modules/{name}/package.json; "
        f"echo code > node_modules/{name}/dist/code.js; echo map > node_modules/{name}/a.map\n"
        for name in node._needed(node.TENSORFLOW_JS)
    )
    return write_program(folder / "npm", f"echo once >> {folder}/count\n{script}\n{install}")


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
    write_program(npm, "echo 'npm ERR! network is unreachable' >&2; exit 1")
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
        write_program(npm, script)
    with pytest.raises(NotVerifiedError) as caught:
        node.packages_directory(node.Node(Path(sys.executable), (str(npm),), "20.0.0"))
    assert "npm could not fetch @tensorflow/tfjs 4.22.0" in caught.value.message
    assert why in caught.value.message
    assert "run it again with a network" in caught.value.hint
    assert list((tmp_path / "cache").iterdir()) == []


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


@pytest.mark.parametrize("known", [node.TENSORFLOW_JS, node.PDF_JS], ids=lambda known: known.name)
def test_the_lock_file_pins_every_package_and_names_no_registry(known):
    text = (known.folder / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    assert '"resolved"' not in text
    assert "http" not in text
    assert packages[""]["dependencies"] == node._needed(known)
    for name, package in packages.items():
        assert not name or package["integrity"].startswith("sha512-"), name
