"""Every kernel against TensorFlow.js's cpu backend, on random shapes and odd values."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigfix.errors import NotVerifiedError
from sigfix.verifying.runners.node import find_node, packages_directory
from tests.tools.web_kernels import BUILDS
from tests.web_kernels.running import only, planted, run_script

try:
    packages_directory(find_node())
except NotVerifiedError as error:
    pytest.skip(f"needs Node.js and its packages: {error.message}", allow_module_level=True)

FASTER = {
    "BatchMatMul", "_FusedMatMul", "Concat", "Conv2D", "DepthwiseConv2dNative", "Erf",
    "FusedConv2D", "FusedDepthwiseConv2D", "Slice", "SplitV", "Tanh",
}  # fmt: skip
LARGEST = 2e-6
"""Of the range: sums in another order, and erf to 1.5e-7."""
TRANSFORMED = 5e-6
"""What Winograd's convolutions may differ by, whose range an activation can make smaller."""
SUBNORMAL = 2.0**-126
"""Smaller numbers take a processor fifty times as long."""


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("seed", [0, 1])
def test_kernels_compute_what_the_cpu_backend_does(seed: int, build: str, tmp_path: Path) -> None:
    found = run_script("compare.mjs", seed, kernels=only(build, tmp_path))
    assert set(found) == FASTER
    for name, (cases, largest, worst) in found.items():
        assert cases == 60
        assert largest != "infinite", (name, worst)
        limit = TRANSFORMED if name.endswith("Conv2D") else LARGEST
        assert largest <= limit, (name, worst)


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_lstm_computes_its_equations(seed: int, build: str, tmp_path: Path) -> None:
    kernels = only(build, tmp_path)
    cases, largest, worst, least = run_script("recurrent.mjs", seed, kernels=kernels)
    assert cases == 7
    assert 0 < largest <= LARGEST, worst
    assert least > SUBNORMAL


@pytest.mark.parametrize(
    ("file", "right", "wrong", "script"),
    [
        ("products.mjs", "placeB * k * n * 4", "placeB * k * m * 4", "compare.mjs"),
        (
            "convolutions.mjs",
            "return !kit.run('winograd'",
            "return kit.run('winograd'",
            "compare.mjs",
        ),
        ("copies.mjs", "from += row;", "from += row + 4;", "compare.mjs"),
        ("recurrent.mjs", "(gate * directions + d)", "(d * gates + gate)", "recurrent.mjs"),
    ],
)
def test_a_planted_fault_is_found(
    file: str, right: str, wrong: str, script: str, tmp_path: Path
) -> None:
    copied = planted(tmp_path, file, right, wrong)
    found = run_script(script, 0, kernels=copied)
    differences = [found[1]] if isinstance(found, list) else [row[1] for row in found.values()]
    assert any(each == "infinite" or each > LARGEST for each in differences)
