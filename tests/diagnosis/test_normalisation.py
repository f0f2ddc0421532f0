"""BEH301 tells batch normalisation that trains from layer normalisation by the same operator."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.pipeline.inspect import inspect
from tests.models import Dtype, Model

FLOAT = Dtype("float32")


@pytest.mark.parametrize(
    ("scale", "is_training", "is_one"),
    [
        ("Fill", True, False), ("OnesLike", True, False), ("VariableV2", True, True),
        ("Const", True, True), ("Placeholder", True, True), ("VariableV2", False, False),
    ],
)  # fmt: skip
def test_by_its_scale(scale: str, is_training: bool, is_one: bool, tmp_path: Path) -> None:
    model = Model()
    model.node("scale", scale, ["x"] if scale in ("Fill", "OnesLike") else [], dtype=FLOAT, T=FLOAT)
    model.node("copied", "Identity", ["scale"], T=FLOAT)
    inputs = ["x", "copied", "copied"]
    model.node("n", "FusedBatchNormV3", inputs, T=FLOAT, is_training=is_training)
    model.signature(outputs={"y": ("n:0", "float32", (None, 3))})
    codes = {item.code for item in inspect(model.write(tmp_path / "m")).findings}
    assert ("BEH301" in codes) == is_one
