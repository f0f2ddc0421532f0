"""`sigfix inspect --recursive URL`: the models that a copy here has, found by listing alone."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from sigfix.errors import UnreadableModelError
from sigfix.paths import RemotePath, path_or_url
from sigfix.reading.walking import models_below
from tests.archives import packed
from tests.cli.running import run
from tests.diagnosis.broken_models import no_serving_default, unknown_rank
from tests.models import Model, healthy, with_variable
from tests.reading.test_other_formats import onnx_model

pytest.importorskip("fsspec")

from sigfix.reading.remote_walking import models_below_url
from tests.reading.counted_store import CountedStore, counted_store
from tests.reading.hub_server import Hub, hub_of

Fetched = list[tuple[str, int]]
HEAVY = 2 << 20


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fetched]:
    with counted_store(monkeypatch) as found:
        yield found


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    """Models of several kinds, and 2 MB beside each that nobody needs."""
    root = tmp_path / "zoo"
    for version in ("1", "2", "10"):
        folder = with_variable(Model()).write(root / "serving" / version)
        with (folder / "variables" / "variables.data-00000-of-00001").open("r+b") as file:
            file.truncate(HEAVY)
    no_serving_default().write(root / "deep" / "a" / "unnamed")
    unknown_rank().write(root / "open")
    for hidden in (".hidden/m", "node_modules/m", "venv/m"):
        healthy().write(root / hidden)
    (root / "venv" / "pyvenv.cfg").write_text("")
    (root / "net.onnx").write_bytes(onnx_model())
    (root / "web").mkdir()
    (root / "web" / "model.json").write_text('{"format": "graph-model", "modelTopology": {}}')
    (root / "web" / "table.json").write_text(json.dumps(["x" * 100] * (HEAVY // 100)))
    (root / "other.pb").write_bytes(b"\x00\x01")
    (root / "net.weights.h5").write_bytes(bytes(HEAVY))
    (root / "images.bin").write_bytes(bytes(HEAVY))
    archived = no_serving_default().write(tmp_path / "to-pack")
    (archived / "assets.extra").mkdir()
    (archived / "assets.extra" / "blob").write_bytes(os.urandom(HEAVY))
    packed(archived, root / "packed.zip")
    return root


def at(path: Path) -> RemotePath:
    return RemotePath(f"counted://{path}")


def here(root: Path, prefix: str) -> list[str]:
    found = [path.relative_to(root).as_posix() for path in models_below(root)]
    return [prefix if name == "." else f"{prefix}/{name}" for name in found]


def test_the_same_models_in_the_same_order(zoo: Path, fetched: Fetched) -> None:
    found = [str(url) for url in models_below_url(at(zoo))]
    assert found == here(zoo, str(at(zoo)))
    assert len(found) == 8
    # What names do not tell: a beginning of each .pb and .json, the zip's mark and its directory.
    asked = {Path(path).name for path, _ in fetched}
    assert asked == {"other.pb", "model.json", "table.json", "packed.zip"}
    assert sum(count for _, count in fetched) < 300_000


def test_a_model_itself_and_a_file_itself(zoo: Path, fetched: Fetched) -> None:
    for place in (zoo / "open", zoo / "net.onnx", zoo / "packed.zip"):
        assert models_below_url(at(place)) == [at(place)]
    assert fetched == []


def report(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """What is said of each model, but for what only a copy here has: commands, and the path."""
    found = []
    for model in json.loads(capsys.readouterr().out)["models"]:
        for item in model["findings"]:
            for key in ("command", "advice", "evidence"):
                item.pop(key, None)
        found.append(model)
    return found


def test_the_findings_are_those_of_a_folder(
    zoo: Path, fetched: Fetched, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run("inspect", "--recursive", str(zoo), "-f", "json")
    local = json.dumps(report(capsys))
    assert run("inspect", "--recursive", str(at(zoo)), "-f", "json") == code == 1
    assert json.dumps(report(capsys)).replace(f"counted://{zoo}", str(zoo)) == local
    assert "SIG002" in local
    assert sum(count for _, count in fetched) < 1 << 20


def test_fsspec_s_memory_text_and_one_note(zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import fsspec

    store = fsspec.filesystem("memory")
    for name in ("serving/1", "serving/2", "packed.zip"):
        store.put(str(zoo / name), f"/sigfix-zoo/{name}", recursive=True)
    assert run("inspect", "-r", "memory://sigfix-zoo") == 1
    seen = capsys.readouterr()
    for name in ("serving/1", "serving/2", "packed.zip"):
        assert f"memory://sigfix-zoo/{name}" in seen.out
    assert seen.err.count("note:") == 1
    assert "3 models at URLs were read without their weights" in seen.err


@pytest.mark.parametrize("pattern", ["*/deep", "*unnamed", "counted://*/deep/*"])
def test_patterns_are_of_the_whole_url(
    pattern: str, zoo: Path, fetched: Fetched, capsys: pytest.CaptureFixture[str]
) -> None:
    run("inspect", "-r", str(at(zoo)), "-f", "json", "--exclude", pattern)
    paths = [model["path"] for model in json.loads(capsys.readouterr().out)["models"]]
    assert paths == [url for url in here(zoo, str(at(zoo))) if "/deep/" not in url]


def test_nothing_there_and_a_store_that_may_not_be_listed(
    zoo: Path, fetched: Fetched, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UnreadableModelError, match="does not exist"):
        models_below_url(at(zoo / "nothing"))
    (zoo / "empty").mkdir()
    assert run("inspect", "-r", str(at(zoo / "empty"))) == 2
    assert "none is below" in capsys.readouterr().err

    def refused(*_: object, **__: object) -> None:
        raise PermissionError("Access Denied")

    monkeypatch.setattr(CountedStore, "ls", refused)
    assert run("inspect", "-r", str(at(zoo)), str(zoo / "open"), "-f", "json") == 2
    seen = capsys.readouterr().out
    assert "cannot be read with the credentials that are there: Access Denied" in seen
    assert str(zoo / "open") in seen


@pytest.mark.parametrize("name", ["x.pb/y.onnx", "x" * 300 + ".onnx", "empty/", "a\nb.onnx"])
def test_names_that_only_stores_have(name: str, zoo: Path, fetched: Fetched) -> None:
    before = [str(url) for url in models_below_url(at(zoo))]
    CountedStore.extra = {f"{zoo}/x.pb": 3, f"{zoo}/{name}": 3}
    found = [str(url) for url in models_below_url(at(zoo))]
    assert [url for url in found if url in before] == before


def test_a_listed_name_leads_to_no_other_store(zoo: Path, fetched: Fetched) -> None:
    """fsspec reads `a::b` as a chain of stores."""
    import fsspec

    fsspec.filesystem("memory").pipe("/secret.onnx", onnx_model())
    CountedStore.extra = {f"{zoo}/x::memory:/secret.onnx": 3}
    assert run("inspect", "-r", str(at(zoo))) == 2
    with pytest.raises(UnreadableModelError, match="no URL that sigfix reads"):
        models_below_url(RemotePath("counted://a::memory://secret.onnx"))


def test_a_file_url_is_a_path(zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (zoo / "open").rename(zoo / "wide open")
    assert path_or_url(f"file://{zoo}/wide%20open") == zoo / "wide open"
    assert path_or_url("file://localhost/m") == path_or_url("FILE:///m") == Path("/m")
    assert run("inspect", "-r", f"file://{zoo}", "-f", "json") == 1
    assert json.loads(capsys.readouterr().out)["models"][0]["path"].startswith(str(zoo))
    assert run("inspect", f"file://elsewhere{zoo}") == 2
    assert "is no URL that sigfix reads" in capsys.readouterr().err


@pytest.mark.parametrize(("protocol", "package"), [("gs", "gcsfs"), ("s3", "s3fs")])
@pytest.mark.parametrize("words", [["-r"], [], ["-f", "json"], ["--jobs", "2"]])
def test_a_store_whose_package_is_absent(
    protocol: str, package: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    if find_spec(package) is not None:
        pytest.skip("it is about a package that is absent")
    url = f"{protocol}://bucket/models"
    assert run("inspect", *words, url) == 2
    said = capsys.readouterr()
    told = said.out if "json" in words else said.err
    assert f"Reading {protocol}:// URLs" in told
    assert package in told
    assert "pip install 'sigfix[remote]'" in told


@pytest.fixture
def hub(zoo: Path) -> Iterator[Hub]:
    pytest.importorskip("huggingface_hub")
    with hub_of(zoo) as served:
        yield served


def asked(hub: Hub, *words: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own: its package reads the hub's address as it is imported."""
    away = {"http_proxy": "", "HTTP_PROXY": "", "ALL_PROXY": "", "HF_TOKEN": "", "NO_PROXY": "*"}
    return subprocess.run(
        [sys.executable, "-m", "sigfix", "inspect", "--recursive", *words],
        env={**os.environ, **away, "HF_ENDPOINT": hub.address, "HF_HUB_DISABLE_TELEMETRY": "1"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_a_hub_over_http_in_two_processes(
    hub: Hub, zoo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("inspect", "--recursive", str(zoo), "-f", "json")
    local = json.dumps(report(capsys))
    done = asked(hub, "hf://me/zoo", "-f", "json", "--jobs", "2")
    assert done.returncode == 1, done.stderr
    sys.stdout.write(done.stdout)
    assert json.dumps(report(capsys)).replace("hf://me/zoo", str(zoo)) == local
    assert "images.bin" not in hub.fetched
    assert not any("variables.data" in name for name in hub.fetched)
    assert sum(hub.fetched.values()) < 1 << 20


def test_a_hub_without_permission_and_without_a_network(hub: Hub) -> None:
    for hub.status in (401, 403):
        done = asked(hub, "hf://me/zoo")
        assert done.returncode == 2
        assert "hf://me/zoo cannot be read with the credentials" in done.stderr
        assert "try: log in to the store: hf auth login" in done.stderr
    hub.status = 500
    done = asked(hub, "hf://me/zoo")
    assert done.returncode == 2
    assert "500" in done.stderr
    assert "log in" not in done.stderr
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        hub.address = f"http://127.0.0.1:{free.getsockname()[1]}"
        done = asked(hub, "hf://me/zoo")
    assert done.returncode == 2
    assert "hf://me/zoo cannot be read: its store was not reached" in done.stderr
    assert "Traceback" not in done.stderr
    assert "check the network" in done.stderr
