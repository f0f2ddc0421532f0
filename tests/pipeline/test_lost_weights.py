"""A model without its weights is said to lack them, and is not published."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.cli.main import main
from sigfix.errors import BlockedError
from sigfix.pipeline.inspect import inspect
from sigfix.pipeline.repair import plan, repair
from tests.models import healthy, variable_index, with_variable


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


@pytest.mark.parametrize(
    "kind",
    ["everything", "the index", "a shard", "one of two shards", "the end of a shard",
     "the index's content"],
)  # fmt: skip
@pytest.mark.parametrize(
    "options", [[], ["--rename", "y=scores"], ["--set-tags", "serve,gpu"]], ids=str
)
def test_a_model_without_its_weights_is_not_published(kind, options, tmp_path, capsys) -> None:
    path = lost(kind, tmp_path / "m")
    with pytest.raises(SystemExit) as caught:
        main(["repair", str(path), *options, "--no-verify", "-o", str(tmp_path / "out")])
    assert caught.value.code == 1
    assert "weights" in "".join(capsys.readouterr())
    assert not (tmp_path / "out").exists()
    assert not [item for item in inspect(path).findings if item.command]


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
