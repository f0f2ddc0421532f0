"""Models behind URLs: what is said is what is said of a copy here, and little is fetched."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sigfix.errors import SigfixError, UnreadableModelError, UsageError
from sigfix.paths import RemotePath, path_or_url
from sigfix.pipeline.inspect import inspect
from sigfix.pipeline.inspect_url import inspect_url
from sigfix.rendering.inspection_json import render_json
from tests.archives import packed
from tests.cli.running import run
from tests.diagnosis.broken_models import no_serving_default
from tests.fuzzing.seeds import Seed, seeds
from tests.models import Model, healthy, with_variable
from tests.reading.test_large import with_constant
from tests.reading.test_other_formats import field, onnx_model

pytest.importorskip("fsspec")

from tests.reading.counted_store import CountedStore, counted_store

Fetched = list[tuple[str, int]]


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fetched]:
    with counted_store(monkeypatch) as found:
        yield found


def at(path: Path) -> RemotePath:
    return RemotePath(f"counted://{path}")


def said(report: object) -> dict[str, object]:
    (model,) = json.loads("".join(render_json([report])))["models"]  # type: ignore[list-item]
    return model


def refusal(url: Path) -> UnreadableModelError:
    with pytest.raises(UnreadableModelError) as caught:
        inspect_url(url)
    return caught.value


def total(fetched: Fetched) -> int:
    return sum(count for _, count in fetched)


def compared(model: dict[str, object], path: Path) -> str:
    """What is said of a model, but for its place, its commands, and what its weights are."""
    findings = [
        {key: value for key, value in item.items() if key not in ("command", "advice", "evidence")}
        for item in model.pop("findings")  # type: ignore[attr-defined]
        if item["code"] != "BEH309"
    ]
    return json.dumps([model, findings]).replace(str(path), "PLACE")


def every_kind() -> list[tuple[str, Seed]]:
    return [
        (f"{kind} {number}", seed)
        for kind, found in seeds().items()
        for number, seed in enumerate([seed for seed in found if not seed.rich][:3])
    ]


@pytest.mark.parametrize(("name", "seed"), every_kind(), ids=[name for name, _ in every_kind()])
def test_a_model_elsewhere_is_what_its_copy_here_is(
    name: str, seed: Seed, fetched: Fetched, tmp_path: Path
) -> None:
    for file, content in seed.files.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes(content)
    path = tmp_path / seed.inspected
    try:
        here = compared(said(inspect(path)), path)
    except SigfixError as error:
        here = error.message.replace(str(path), "PLACE")
    try:
        url = at(path)
        there = compared(said(inspect_url(url)), url)  # type: ignore[arg-type]
    except SigfixError as error:
        there = error.message.replace(str(at(path)), "PLACE")
    assert there == here
    assert fetched


def test_only_what_reading_needs_is_fetched(fetched: Fetched, tmp_path: Path) -> None:
    """Of 40 MB of variables nothing."""
    path = with_variable(Model()).write(tmp_path / "m")
    shard = path / "variables" / "variables.data-00000-of-00001"
    with shard.open("r+b") as file:
        file.truncate(40 << 20)
    inspect_url(at(path))
    assert str(shard) not in dict(fetched)
    assert total(fetched) == sum(
        (path / name).stat().st_size for name in ("saved_model.pb", "variables/variables.index")
    )


def test_the_weights_of_an_onnx_file_stay_where_they_are(fetched: Fetched, tmp_path: Path) -> None:
    weight = field(1, 8 << 20) + field(2, 1) + field(8, b"w") + field(9, bytes(32 << 20))
    path = tmp_path / "m.onnx"
    path.write_bytes(onnx_model() + field(7, field(5, weight)))
    report = inspect_url(at(path))
    assert report.other is not None and "33,554,4" in dict(report.other.facts)["weights"]
    assert total(fetched) < 1 << 20


def test_a_large_constant_stays_where_it_is(fetched: Fetched, tmp_path: Path) -> None:
    path = with_constant(32 << 20).write(tmp_path / "m")
    assert inspect_url(at(path)).findings == inspect_url(at(path)).findings
    assert total(fetched) < 2 << 20


@pytest.mark.parametrize("name", ["m.zip", "m.tar"])
def test_an_archive_is_looked_into_where_it_lies(
    name: str, fetched: Fetched, tmp_path: Path
) -> None:
    folder = with_variable(Model()).write(tmp_path / "m")
    with (folder / "variables" / "variables.data-00000-of-00001").open("r+b") as file:
        file.write(os.urandom(8 << 20))
    path = packed(folder, tmp_path / name)
    assert inspect_url(at(path)).model is not None
    assert path.stat().st_size > 8 << 20
    assert total(fetched) < 2 << 20


def test_a_file_that_names_others_is_not_without_them(fetched: Fetched, tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(onnx_model("weights.bin"))
    url = at(tmp_path / "m.onnx")
    assert "CON204" in {item.code for item in inspect_url(url).findings}
    (tmp_path / "weights.bin").write_bytes(bytes(40))
    assert "CON204" not in {item.code for item in inspect_url(url).findings}


def test_versions_are_named_by_their_urls(fetched: Fetched, tmp_path: Path) -> None:
    for version in ("1", "2"):
        healthy().write(tmp_path / "serving" / version)
    error = refusal(at(tmp_path / "serving"))
    assert f"counted://{tmp_path}/serving/2" in (error.hint or "")
    assert "sigfix-run" not in f"{error.message} {error.hint}"
    assert inspect_url(at(tmp_path / "serving" / "2")).model is not None


@pytest.mark.parametrize("name", ["../outside", "m/../../outside", "/etc/passwd", "a//b", "m/./x"])
def test_a_store_that_lists_files_elsewhere_is_refused(
    name: str, fetched: Fetched, tmp_path: Path
) -> None:
    healthy().write(tmp_path / "m")
    listed = name if name.startswith("/") else f"{tmp_path}/m/{name}"
    CountedStore.extra = {listed: 3}
    error = refusal(at(tmp_path / "m"))
    assert error.code == "CON209"
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize("size", [1 << 62, -5, "many"])
def test_a_store_that_lies_about_sizes_is_no_traceback(
    size: object, fetched: Fetched, tmp_path: Path
) -> None:
    healthy().write(tmp_path / "m")
    CountedStore.extra = {f"{tmp_path}/m/saved_model.pb": size}  # type: ignore[dict-item]
    refusal(at(tmp_path / "m"))


def test_a_file_that_ends_early_is_said(fetched: Fetched, tmp_path: Path) -> None:
    path = healthy().write(tmp_path / "m")
    CountedStore.extra = {f"{path}/saved_model.pb": (path / "saved_model.pb").stat().st_size + 9}
    assert "ended before its size" in refusal(at(path)).message


def test_nothing_there_no_such_store_and_checksums(fetched: Fetched, tmp_path: Path) -> None:
    assert "does not exist" in refusal(at(tmp_path / "nothing")).message
    assert "no URL that sigfix reads" in refusal(RemotePath("ftp://host/m")).message
    with pytest.raises(UsageError, match="reads every byte"):
        inspect_url(at(tmp_path), checksums=True)


def test_a_store_that_fails_is_said_in_a_line(
    fetched: Fetched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("403 Forbidden\nand more")

    path = healthy().write(tmp_path / "m")
    monkeypatch.setattr(CountedStore, "_open", fails)
    error = refusal(at(path))
    assert "cannot be read: 403 Forbidden" in error.message
    assert "credentials" in (error.hint or "")


def test_nothing_is_left_behind(
    fetched: Fetched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sigfix.reading import elsewhere

    (tmp_path / "t").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "t"))
    inspect_url(at(no_serving_default().write(tmp_path / "m")))
    assert elsewhere._FILES == {}
    assert list((tmp_path / "t").iterdir()) == []


def test_the_command_says_what_was_left_out(
    fetched: Fetched, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = str(at(no_serving_default().write(tmp_path / "m")))
    assert run("inspect", url) == 1
    seen = capsys.readouterr()
    assert seen.out.startswith(f"{url}\n")
    assert "fix: sigfix repair" not in seen.out
    assert f"note: {url} was read without its weights" in seen.err
    assert run("inspect", url, url.replace("/m", "/none"), "--jobs", "2", "-f", "sarif") == 2
    results = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    place = results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert place == url


def test_fsspec_s_own_memory(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    import fsspec

    store = fsspec.filesystem("memory")
    store.put(str(healthy().write(tmp_path / "m")), "/sigfix-test/m", recursive=True)
    assert run("inspect", "memory://sigfix-test/m") == 0
    assert capsys.readouterr().out.startswith("memory://sigfix-test/m\n")


def test_what_is_a_url() -> None:
    assert isinstance(path_or_url("gs://bucket/m"), RemotePath)
    for text in ("m", "a:b", "./gs://x", "C:/m", "x://y"):
        assert not isinstance(path_or_url(text), RemotePath), text
