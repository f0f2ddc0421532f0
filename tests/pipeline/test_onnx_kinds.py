"""Kinds of ONNX models: converted, right in TensorFlow.js, or refused with a way that leads on."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.importing.single_node import require_packages

require_packages()

import onnx  # noqa: E402

from sigfix.cli import main  # noqa: E402
from sigfix.errors import ConversionError  # noqa: E402
from sigfix.pipeline.convert import convert  # noqa: E402
from tests.onnx_models.kinds import KINDS, REFUSED, Kind, Refused  # noqa: E402
from tests.onnx_models.on_cpu import difference_on_cpu  # noqa: E402


def rows(table: Any) -> list[Any]:
    """The quick ones run with the suite, all of them with `make matrix`."""
    return [
        pytest.param(row, id=row.name, marks=[] if row.quick else [pytest.mark.matrix])
        for row in table
    ]


@pytest.mark.parametrize("kind", rows(KINDS))
def test_it_converts_and_is_the_same(kind: Kind, tmp_path: Path) -> None:
    onnx.save(kind.build(), tmp_path / "m.onnx")
    result = convert(tmp_path / "m.onnx", tmp_path / "web")
    assert result.comparisons and not result.not_verified  # what differs is refused
    assert result.mode == kind.mode
    # The conversion compares with the wasm backend.
    assert difference_on_cpu(tmp_path / "m.onnx", tmp_path / "web") < kind.cpu


@pytest.mark.parametrize("refused", rows(REFUSED))
def test_what_is_refused_has_a_way_that_leads_on(refused: Refused, tmp_path: Path) -> None:
    onnx.save(refused.build(), tmp_path / "m.onnx")
    with pytest.raises(ConversionError, match=refused.message) as raised:
        convert(tmp_path / "m.onnx", tmp_path / "web")
    assert follow(raised.value.hint or "", tmp_path) == 0


def follow(line: str, folder: Path) -> int:
    """Run the commands of a printed line one after another; the last exit status."""
    code = 1
    for command in line.partition("   #")[0].split(" && "):
        program, *arguments = shlex.split(command)
        if program == "sigfix":
            output = ["-o", str(folder / "followed")] if "convert" in arguments else []
            with pytest.raises(SystemExit) as ended:
                main([*arguments, *output])
            code = int(ended.value.code or 0)
        else:
            assert program == "python"
            code = subprocess.run([sys.executable, *arguments], cwd=folder, check=False).returncode
        if code:
            break
    return code
