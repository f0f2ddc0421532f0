"""A model without its weights is said to lack them, and is not published."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.cli.main import main
from sigfix.errors import BlockedError
from sigfix.pipeline.inspect import inspect
from sigfix.pipeline.repair import plan, repair
from tests.models import Call, healthy, variable_index, with_variable


def lost(kind: str, path: Path) -> Path:
    model = with_variable(healthy())
    if kind == "everything":
        model.files.clear()
    elif kind == "the index":
        del model.files["variables/variables.index"]
    elif kind == "a shard":
        del model.files["variables/variables.data-00000-of-00001"]
    elif kind == "one of two shards":
        model.files["variables/variables.index"] = variable_index({"w": (0, 12, 1)}, 2)
        model.files["variables/variables.data-00000-of-00002"] = bytes(12)
    elif kind == "the end of a shard":
        model.files["variables/variables.data-00000-of-00001"] = bytes(3)
    elif kind == "the index's content":
        model.files["variables/variables.index"] = b"\x00" * 40
    return model.write(path)


KINDS = (
    "everything", "the index", "a shard", "one of two shards", "the end of a shard",
    "the index's content",
)  # fmt: skip


def _run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[object, str]:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    return caught.value.code, "".join(capsys.readouterr())


@pytest.mark.parametrize("kind", KINDS)
def test_every_command_that_runs_it_refuses_at_once(kind, tmp_path, capsys) -> None:
    """Nothing is loaded: the files' names and sizes say it."""
    path, whole, out = lost(kind, tmp_path / "m"), healthy().write(tmp_path / "w"), tmp_path / "out"
    for arguments, wanted in (
        (["repair", str(path), "-o", str(out)], 1),
        (["repair", str(path), "--rename", "y=scores", "--no-verify", "-o", str(out)], 1),
        (["repair", str(path), "--set-tags", "serve,gpu", "-o", str(out)], 1),
        (["convert", str(path), "--tfjs", "-o", str(out)], 1),
        (["verify", str(path), str(whole)], 2),
        (["verify", str(whole), str(path)], 2),
    ):
        code, said = _run(arguments, capsys)
        assert (code, "weights are not all there" in " ".join(said.split())) == (wanted, True), said
        assert not out.exists()
    assert not [item for item in inspect(path).findings if item.command]


@pytest.mark.parametrize("kind", KINDS)
def test_metadata_is_edited_where_it_is_asked_for(kind, tmp_path, capsys) -> None:
    """Whoever asks for no comparison is told that the result cannot run either."""
    path, out = lost(kind, tmp_path / "m"), tmp_path / "out"
    options = ["--set-tags", "serve,gpu", "--no-verify", "-o", str(out)]
    code, said = _run(["repair", str(path), *options], capsys)
    assert code in (0, None), said
    assert "The result cannot be run either." in " ".join(said.split())
    assert inspect(out).model.meta_graphs[0].tags == ("serve", "gpu")


@pytest.mark.parametrize("name", ["variables/variables.data-00000-of-00001", "assets/words.txt"])
def test_what_git_left_is_to_be_fetched(name: str, tmp_path: Path, capsys) -> None:
    model = with_variable(healthy())
    model.meta.asset_file_def.add(filename="words.txt").tensor_info.name = "x:0"
    model.files["assets/words.txt"] = b"one\ntwo\n"
    model.files[name] = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n"
    path = model.write(tmp_path / "m")
    for arguments in (["repair", str(path)], ["convert", str(path), "--tfjs"]):
        code, said = _run(arguments, capsys)
        told = " ".join(said.split())
        assert code == 1, said
        assert f"{name}: is a Git-LFS pointer" in told
        assert "try: git lfs install && git lfs pull" in told


def test_a_graph_that_lost_its_functions_is_not_run(tmp_path: Path, capsys) -> None:
    model = healthy()
    model.node("call", "PartitionedCall", ["x"], f=Call("gone"))
    path = model.write(tmp_path / "m")
    assert [item.code for item in inspect(path).findings] == ["CON219"]
    code, said = _run(["convert", str(path), "--tfjs"], capsys)
    assert code == 1
    assert "node call reads or calls gone" in " ".join(said.split())


def test_a_shard_under_another_name_is_pointed_to(tmp_path) -> None:
    model = with_variable(healthy())
    shard = model.files.pop("variables/variables.data-00000-of-00001")
    model.files["variables/variables (1).data-00000-of-00001"] = shard
    found = inspect(model.write(tmp_path / "m")).findings
    assert [item.code for item in found] == ["CON204"], "nothing says that it is to be deleted"
    assert found[0].evidence == (
        "may be there under another name: variables (1).data-00000-of-00001",
    )


def test_a_file_of_weights_is_blocked_and_found(tmp_path) -> None:
    h5py = pytest.importorskip("h5py")
    for name in ("w.h5", "m.weights.h5"):
        with h5py.File(tmp_path / name, "w") as file:
            file.create_group("dense")["kernel"] = [1.0]
        assert plan(tmp_path / name).verdict == "blocked"
        assert "weights without a model" in plan(tmp_path / name).reason
        assert [item.code for item in inspect(tmp_path / name).findings] == ["CON215"]
        with pytest.raises(BlockedError):
            repair(tmp_path / name, tmp_path / "out")
