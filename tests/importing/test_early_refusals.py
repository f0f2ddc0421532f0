"""What of an ONNX file is refused early, without TensorFlow, and what is supported."""

from __future__ import annotations

import resource
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


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        ("y = RoiAlign(x, r, i)", "export it with a sampling_ratio"),
        (
            'y = LpPool<kernel_shape = [2, 2], dilations = [2, 2], auto_pad = "SAME_UPPER">(x)',
            "pads",
        ),
    ],
)
def test_forms_whose_numbers_nobody_can_tell_name_the_way_on(node: str, reason: str) -> None:
    text = f"""<ir_version: 8, opset_import: ["" : 18]>
        g (float[n, 3, 8, 8] x, float[k, 4] r, int64[k] i) => (float[a, b, c, d] y) {{ {node} }}"""
    with pytest.raises(ConversionError, match=reason):
        check_early(parser.parse_model(text))


def test_an_input_that_may_be_left_out_is_named_and_not_bound() -> None:
    model = parser.parse_model("""<ir_version: 8, opset_import: ["" : 18]>
        g (float[n, 4] x, optional(float[n, 4]) more) => (float[n, 4] y) {
            there = OptionalHasElement(more)
            y = If (there) <
                then_branch = a () => (float[n, 4] t) { e = OptionalGetElement(more)
                                                        t = Add(x, e) },
                else_branch = b () => (float[n, 4] o) { o = Identity(x) }>
        }""")
    with pytest.raises(ConversionError, match=r"input \(node more\): it may be left out") as raised:
        check_early(model)
    assert "--bind" not in (raised.value.hint or "")


def test_the_table_of_supported_versions_is_that_of_the_operators() -> None:
    import sigfix.importing.operators  # noqa: F401  (registers them)
    from sigfix.importing.operators.registry import OPERATORS
    from sigfix.importing.supported import SUPPORTED

    assert {(name, v) for name, versions in SUPPORTED.items() for v in versions} == set(OPERATORS)


SECONDS = 3.0
KINDS = {
    "random": "q = Relu(x)\n r = RandomNormalLike(q)\n y = Add(q, r)",
    "unsupported": "q = Relu(x)\n z = Unique(q)\n y = Identity(z)",
    "sizes": """q = Relu(x)
        k = Constant<value = float[4, 1, 1, 1] {1.0, 2.0, 3.0, 4.0}>()
        y = ConvTranspose<output_shape = [9, 9]>(q, k)""",
    "computed weights": "q = Relu(x)\n w = Sigmoid(x)\n y = Conv(q, w)",
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_refusal_costs_no_more_than_reading(kind: str, tmp_path: Path) -> None:
    """Of the whole command, its child included; TensorFlow's import alone takes longer."""
    text = f"g (float[n, 4, h, w] x) => (float[n, 4, a, b] y) {{ {KINDS[kind]} }}"
    path = saved(text, tmp_path / "m.onnx")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "sigfix", "convert", str(path), "--tfjs"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert ran.returncode != 0 and "error: ONNX" in ran.stderr and "try: " in ran.stderr
    taken = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert taken < SECONDS, ran.stderr
