"""What is a version is what Python's packaging says, which TensorFlow asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.describing.versions import is_version
from sigfix.pipeline.repair import plan, repair
from sigfix.planning.edits import SetVersion
from tests.environments import needs
from tests.models import Dtype, Model

TEXTS = (
    "2.19.0", "1.15.5", "1.9", "2", "v1.12.0", "1.12.0-rc2", "1.12.0rc2", "2.1.0+nv20.3", "1!2.0",
    "2.0.0-beta.1", "2.0.0.dev20190101", "1.13.1-2-g09e3b09e69", "1.15.0-1", "1.15.post3", " 1.4 ",
    "unknown", "1.15-custom build", "2.x", "b'unknown'", "1..2", ".1", "1.", "2.19.0 (git)", "2,1",
    "2.0+", "1.0rev", "1.0-dev", "\u0662.1", "1.0a1b2",
)  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_it_is_one_where_packaging_says_so(text: str) -> None:
    version = pytest.importorskip("packaging.version")
    try:
        version.Version(text)
    except version.InvalidVersion:
        assert not is_version(text)
    else:
        assert is_version(text)


def odd() -> Model:
    model = Model(version="unknown")
    model.signature()
    return model


def test_the_plan_leaves_it_out(tmp_path: Path) -> None:
    made = plan(odd().write(tmp_path / "m"))
    assert made.edits == (SetVersion("", "unknown"),)
    assert plan(Model(version="").write(tmp_path / "n")).verdict == "repairable"


@pytest.mark.slow
def test_tensorflow_takes_the_result(tmp_path: Path) -> None:
    needs("tensorflow")
    import tensorflow as tf

    model = Model(version="unknown", empty=True)
    model.node("x", "Placeholder", dtype=Dtype("float32"), shape=(None, 3))
    model.node("y", "Relu", ["x"], T=Dtype("float32"))
    model.signature()
    path = model.write(tmp_path / "m")

    def load(where: Path) -> None:
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            tf.compat.v1.saved_model.loader.load(session, ["serve"], str(where))

    with pytest.raises(Exception, match="Invalid version"):
        load(path)
    load(repair(path, tmp_path / "out").output)
