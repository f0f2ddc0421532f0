"""The printed command that takes a model up to what is refused, where ONNX knows no types."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pytest

from sigfix.errors import ConversionError
from tests.importing.single_node import require_packages

require_packages()

import onnx  # noqa: E402
from onnx import parser  # noqa: E402

from sigfix.importing.commands import CommandParts, as_command  # noqa: E402
from sigfix.importing.onnx_graph import read_onnx  # noqa: E402
from sigfix.importing.onnx_opening import open_onnx  # noqa: E402
from sigfix.importing.preflight import check_early  # noqa: E402
from tests.importing.test_opening import same_as_onnx_runtime  # noqa: E402

TEXT = """<ir_version: 8, opset_import: ["" : 17, "com.microsoft" : 1]>
g (float[n, 4] x) => (float[m] y, bool[n, 4] z) {
    made = com.microsoft.FastGelu(x)
    y = Unique(made)
    z = Greater(made, x)
}"""


def test_types_that_onnx_does_not_know_are_told(tmp_path: Path) -> None:
    path = tmp_path / 'it\'s "one".onnx'
    onnx.save(parser.parse_model(TEXT), path)
    command = CommandParts("sigfix convert m.onnx", file=path, then="sigfix convert {}")
    with pytest.raises(ConversionError, match="Unique") as raised, as_command(command):
        check_early(open_onnx(path, tmp_path).model, lambda: read_onnx(path))
    program, option, code = shlex.split(str(raised.value.hint).partition(" && ")[0])
    assert (program, option) == ("python", "-c")
    exec(code, {})  # as the printed command does
    part = path.with_name(f"{path.stem}_cut.onnx")
    assert [value.name for value in onnx.load(part).graph.output] == ["made", "z"]
    x = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    same_as_onnx_runtime(part, tmp_path, {"x": x})
