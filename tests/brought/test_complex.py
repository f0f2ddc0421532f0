"""Complex numbers, which TensorFlow.js has too, are compared as what they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sigfix.pipeline.convert import convert
from sigfix.verifying.runners import tfjs
from tests.brought import SAVERS
from tests.environments import needs


def test_a_model_that_takes_complex_numbers(node_packages: Path, tmp_path: Path) -> None:
    needs("tensorflow")
    SAVERS["complex_in"](tmp_path / "model")
    result = convert(tmp_path / "model", tmp_path / "web")
    assert result.operators["ComplexAbs"] == 1
    wave = np.array([[1 + 2j, 0, -3j, 4] * 4], np.complex64)
    (found,) = tfjs.run(tmp_path / "web", [{"wave": wave}], ["loudness"]).outputs
    np.testing.assert_allclose(found["loudness"], np.log(np.abs(wave) + 1), rtol=1e-6)
