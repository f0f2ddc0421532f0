"""Kernels in several threads, in a real Chromium: their pieces give what one thread does."""

from __future__ import annotations

import math
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from sigfix import ConvertOptions, convert
from sigfix.errors import NotVerifiedError
from sigfix.verifying.runners import node as nodejs
from sigfix.verifying.runners.chromium import find_chromium
from tests.matrix import browser
from tests.web_kernels.running import KERNELS, planted, run_script

if find_chromium() is None:
    pytest.skip("needs Chromium", allow_module_level=True)
if not all(find_spec(package) for package in ("tensorflowjs", "onnx", "onnxslim")):
    pytest.skip("needs sigfix[all]", allow_module_level=True)
try:
    nodejs.packages_directory(nodejs.find_node())
except NotVerifiedError as error:
    pytest.skip(f"needs Node.js and its packages: {error.message}", allow_module_level=True)

import onnx
from onnx import numpy_helper, parser

THREADS = 3
SHAPES = {
    "w1": (32, 8, 3, 3), "b1": (32,), "w2": (32, 32, 5, 5), "w3": (64, 32, 1, 1),
    "d": (32, 1, 5, 5), "w": (1, 256, 64), "r": (1, 256, 64), "v": (64, 1600), "u": (1600, 64),
}  # fmt: skip
NETWORK = """<ir_version: 8, opset_import: ["" : 17]>
g (float[2, 8, 48, 64] x) => (float[2, 768, 64] y, float[2, 768, 768] scores) {
    a = Conv<pads = [1, 1, 1, 1]>(x, w1, b1)
    b = Relu(a)
    c = Conv<pads = [2, 2, 2, 2], strides = [2, 2]>(b, w2)
    s = Conv<group = 32, pads = [2, 2, 2, 2]>(c, d)
    t = Tanh(s)
    e = Conv(t, w3)
    lines = Constant<value = int64[3] {2, 64, 768}>()
    f = Reshape(e, lines)
    steps = Transpose<perm = [2, 0, 1]>(f)
    h, last = LSTM<hidden_size = 64>(steps, w, r)
    one = Constant<value = int64[1] {1}>()
    i = Squeeze(h, one)
    j = Transpose<perm = [1, 0, 2]>(i)
    k = MatMul(j, v)
    l = Erf(k)
    y = MatMul(l, u)
    turned = Transpose<perm = [0, 2, 1]>(j)
    scores = MatMul(j, turned)
}"""
"""Convolutions by Winograd, with strides, depthwise and of single pixels; an LSTM; all products."""


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crew")
    chance = np.random.default_rng(3)
    model = parser.parse_model(NETWORK)
    for name, shape in SHAPES.items():
        values = chance.normal(size=shape, scale=0.1).astype(np.float32)
        model.graph.initializer.append(numpy_helper.from_array(values, name))
    onnx.save(model, folder / "network.onnx")
    return convert(folder / "network.onnx", folder / "web", ConvertOptions(verify=False)).output


def outputs(web: Path, threads: int, kernels: bool = True) -> dict[str, np.ndarray]:
    image = np.random.default_rng(4).normal(size=(2, 8, 48, 64)).astype(np.float32)
    found = browser.run(
        web, {"x": image}, ["y", "scores"], "wasm", 60, kernels=kernels, threads=threads
    )
    assert not found.error, found.error
    assert (found.kernels, found.threads) == (kernels, threads)
    return dict(found.outputs)


def apart(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> float:
    """The largest difference, in parts of the range."""
    assert set(one) == set(other) == {"y", "scores"}
    return max(float(np.abs(one[k] - other[k]).max() / np.ptp(other[k])) for k in one)


@pytest.fixture(scope="module")
def plain(web: Path) -> dict[str, np.ndarray]:
    return outputs(web, THREADS, kernels=False)


def test_pieces_in_three_threads_give_what_tensorflow_js_does(
    web: Path, plain: dict[str, np.ndarray]
) -> None:
    alone, together = outputs(web, 1), outputs(web, THREADS)
    assert 0 < apart(alone, plain) < 1e-5
    assert apart(together, plain) < 1e-5
    assert apart(together, alone) < 1e-6


def changed(folder: Path, right: str, wrong: str) -> Path:
    """A folder of the web files, with kernels in whose workers something is another way.

    The first thread leaves the first piece to them, or it might have done all before they wake.
    """
    kernels = planted(folder, "thread.mjs", right, wrong)
    text = (kernels / "pieces.mjs").read_text("utf-8")
    begins = "  take(shared, functions, 0);\n"
    assert begins in text
    waits = "for (let i = 0; i < 1e8 && Atomics.load(shared, NEXT) % 2 ** HALF === 0; i += 1);"
    (kernels / "pieces.mjs").write_text(text.replace(begins, waits + begins), "utf-8")
    return kernels.parent


def test_threads_that_do_nothing_are_found(
    web: Path, plain: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the other threads do take pieces."""
    idle = "Object.fromEntries(Object.keys(exports).map((name) => [name, () => 0]))"
    monkeypatch.setattr(
        nodejs, "WEB", changed(tmp_path, "help(shared, exports", f"help(shared, {idle}")
    )
    assert apart(outputs(web, THREADS), plain) > 1e-2


def test_a_thread_that_does_not_start_is_done_without(
    web: Path, plain: dict[str, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nodejs, "WEB", changed(tmp_path, "import {", "imports {"))
    assert apart(outputs(web, THREADS), plain) < 1e-5


def test_a_thread_that_fails_in_a_piece_is_an_error(
    web: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = "{ ...exports, winograd() { throw new Error('planted'); } }"
    folder = changed(tmp_path, "help(shared, exports", f"help(shared, {broken}")
    monkeypatch.setattr(nodejs, "WEB", folder)
    image = np.zeros((2, 8, 48, 64), np.float32)
    found = browser.run(web, {"x": image}, ["y"], "wasm", 60, kernels=True, threads=THREADS)
    assert "A thread of sigfix's kernels failed in winograd" in found.error


def largest_of(seed: int, kernels: Path = KERNELS) -> dict[str, float]:
    """Of each kernel in pieces: how far it is from the cpu backend, in parts of the range."""
    found = run_script("compare.mjs", seed, "pieces", kernels=kernels)
    assert {cases for cases, _, _ in found.values()} == {60}
    return {
        name: math.inf if largest == "infinite" else float(largest)
        for name, (_, largest, _) in found.items()
    }


@pytest.mark.parametrize("seed", [3, 4])
def test_pieces_of_any_size_give_what_the_cpu_backend_does(seed: int) -> None:
    found = largest_of(seed)
    assert len(found) == 11
    assert max(found.values()) <= 5e-6, found


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("convolutions.mjs", "form.padInfo.top - from * form.strideHeight", "form.padInfo.top"),
        ("products.mjs", "to + start * n * 4, n << 2", "to + start * n, n << 2"),
        ("products.mjs", "piece(from, 1, from, 1, from,", "piece(from, 1, from, 1, 0,"),
        ("elementwise.mjs", "end - start", "end - start - 1"),
        ("pieces.mjs", "ARGUMENTS + i * MOST_ARGUMENTS", "ARGUMENTS + i"),
    ],
)
def test_a_planted_fault_in_the_pieces_is_found(
    file: str, right: str, wrong: str, tmp_path: Path
) -> None:
    copied = planted(tmp_path, file, right, wrong)
    try:
        found = largest_of(3, copied)
    except AssertionError as error:  # the script's own
        assert "Error" in str(error)
    else:
        assert max(found.values()) > 1e-3, found
