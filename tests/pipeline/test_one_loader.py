"""`verify` of models that `tf.saved_model.load` does not take, and the v1 loader does."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sigfix.pipeline.verify import verify
from sigfix.reading.saved_model import load_message


def in_the_map_alone(source: Path, target: Path) -> Path:
    """A copy whose signatures `tf.saved_model.load` does not see."""
    shutil.copytree(source, target)
    message, _ = load_message(target)
    objects = message.meta_graphs[0].object_graph_def
    for child in objects.nodes[0].children:
        if child.local_name == "signatures":
            del objects.nodes[child.node_id].children[:]
    (target / "saved_model.pb").write_bytes(message.SerializeToString())
    (target / "fingerprint.pb").unlink(missing_ok=True)
    return target


def test_a_first_model_that_one_loader_refuses_is_said_to_be_run_through_the_other(
    saved, tmp_path: Path
) -> None:
    broken = in_the_map_alone(saved("healthy"), tmp_path / "broken")
    (found,) = verify(broken, saved("healthy"))
    assert found.verdict == "same"
    assert found.through == "tf.saved_model.load and the v1 loader"
    (note,) = found.notes
    assert note.startswith(f"tf.saved_model.load does not take {broken.resolve()} (")
    assert "sees no signature serving_default" in note
    assert note.endswith(
        "it was run through the v1 loader, the second model through "
        "tf.saved_model.load and the v1 loader"
    )


@pytest.mark.matrix
def test_a_second_model_that_one_loader_refuses_is_different(saved, tmp_path: Path) -> None:
    broken = in_the_map_alone(saved("healthy"), tmp_path / "broken")
    (found,) = verify(saved("healthy"), broken)
    assert found.verdict == "different"
    assert found.reason.startswith("tf.saved_model.load takes the first model and not the second")
    assert "through the v1 loader they are same" in found.notes


@pytest.mark.matrix
@pytest.mark.parametrize("name", ["same_input_twice", "healthy"])
def test_two_that_it_refuses_are_compared_through_the_other(
    name: str, saved, tmp_path: Path
) -> None:
    model = saved(name)
    if name == "healthy":
        model = in_the_map_alone(model, tmp_path / "broken")
    (found,) = verify(model, model)
    assert found.verdict == "same"
    assert found.through == "the v1 loader"
    assert any("takes neither model" in note for note in found.notes)
