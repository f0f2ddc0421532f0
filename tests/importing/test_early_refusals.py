"""What of an ONNX file is refused early, without TensorFlow, and what is supported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sigfix.errors import ConversionError
from tests.importing.single_node import require_packages

require_packages()

from onnx import parser  # noqa: E402

from sigfix.importing.preflight import check, check_early  # noqa: E402
from tests.importing.test_opening import HEADER, saved  # noqa: E402


def test_what_is_refused_early_needs_no_tensorflow(tmp_path: Path) -> None:
    text = "g (float[n, 4] x) => (float[m] y) { y = Unique(x) }"
    path = saved(text, tmp_path / "m.onnx")
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from sigfix.importing.onnx_opening import open_onnx\n"
        "from sigfix.importing.preflight import check_early\n"
        f"try: check_early(open_onnx(Path({str(path)!r}), Path({str(tmp_path)!r})).model)\n"
        "except Exception as error: print(error)\n"
        "print('tensorflow' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    refusal, imported = ran.stdout.strip().splitlines()
    assert refusal.startswith("ONNX Unique") and imported == "False"


def test_what_may_fold_is_not_refused_early() -> None:
    text = """g (float[n, 4] x) => (float[n, 4] y) {
        ones = Constant<value = float[4] {1.0, 0.0, 1.0, 0.0}>()
        places = Unique(ones)
        unused = Unique(x)
        y = Relu(x)
    }"""
    model = parser.parse_model(HEADER + text)
    check_early(model)
    with pytest.raises(ConversionError, match="2 nodes"):
        check(model)


def test_the_table_of_supported_versions_is_that_of_the_operators() -> None:
    import sigfix.importing.operators  # noqa: F401  (registers them)
    from sigfix.importing.operators.registry import OPERATORS
    from sigfix.importing.supported import SUPPORTED

    assert {(name, v) for name, versions in SUPPORTED.items() for v in versions} == set(OPERATORS)
