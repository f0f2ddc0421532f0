"""The kernels in real browsers, on the wasm backend, and where they step aside."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from sigfix import ConvertOptions, convert
from sigfix.errors import NotVerifiedError
from sigfix.verifying.runners.chromium import find_chromium
from sigfix.verifying.runners.node import find_node, packages_directory
from tests.browsers import BROWSERS
from tests.matrix import browser
from tests.web_kernels.recurrent_model import STEPS, write_lstms

if find_chromium() is None:
    pytest.skip("needs Chromium", allow_module_level=True)
if not all(find_spec(package) for package in ("tensorflowjs", "onnx", "onnxslim")):
    pytest.skip("needs sigfix[all]", allow_module_level=True)
try:
    packages_directory(find_node())
except NotVerifiedError as error:
    pytest.skip(f"needs Node.js and its packages: {error.message}", allow_module_level=True)

X = np.random.default_rng(2).normal(size=(STEPS, 4, 3)).astype("float32")


def test_the_same_numbers_in_chromium(tmp_path: Path) -> None:
    """About three seconds for each of the three pages."""
    source = write_lstms(tmp_path / "lstms.onnx")
    model = convert(source, tmp_path / "web", ConvertOptions(verify=False)).output

    def run(backend: str, **options: bool) -> browser.BrowserRun:
        found = browser.run(model, {"x": X}, ["y"], backend, time_limit=60, **options)
        assert not found.error, found.error
        return found

    plain, fast = run("wasm"), run("wasm", kernels=True)
    assert (plain.kernels, fast.kernels) == (False, True)
    np.testing.assert_allclose(fast.outputs["y"], plain.outputs["y"], atol=1e-5)
    assert (fast.outputs["y"] != plain.outputs["y"]).any()
    aside = run("webgl", kernels=True)
    assert not aside.kernels
    np.testing.assert_allclose(aside.outputs["y"], plain.outputs["y"], atol=1e-3)


@pytest.mark.parametrize("name", BROWSERS)
def test_the_same_numbers_with_two_threads(name: str, tmp_path: Path) -> None:
    """The backend's build for several threads, whose memory is shared.

    WebKitGTK's small browser gives no page such memory: there is one thread, and all goes on.
    """
    if BROWSERS[name].find() is None:
        pytest.skip(f"needs {name}: apt install {BROWSERS[name].install}")
    source = write_lstms(tmp_path / "lstms.onnx")
    model = convert(source, tmp_path / "web", ConvertOptions(verify=False)).output

    def run(**options: bool) -> browser.BrowserRun:
        found = browser.run(model, {"x": X}, ["y"], "wasm", 150, threads=2, name=name, **options)
        assert not found.error, found.error
        return found

    plain, fast = run(), run(kernels=True)
    assert (plain.threads, fast.threads) == ((1, 1) if name == "WebKit" else (2, 2))
    assert (plain.kernels, fast.kernels) == (False, True)
    np.testing.assert_allclose(fast.outputs["y"], plain.outputs["y"], atol=1e-5)
    assert (fast.outputs["y"] != plain.outputs["y"]).any()
