"""`make demo`: docTR reads the shipped words the same through PyTorch and TensorFlow.js."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
WORDS = json.loads((ROOT / "examples" / "words" / "words.json").read_text("utf-8"))

pytestmark = pytest.mark.skipif(
    not all(find_spec(package) for package in ("doctr", "onnxslim", "tensorflowjs")),
    reason="needs sigfix[all]",
)


def run_demo(directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "examples" / "demo.py", directory],
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=600,
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    directory = tmp_path_factory.mktemp("demo")
    done = run_demo(directory)
    assert done.returncode == 0, done.stdout + done.stderr
    return directory, done.stdout


def rows(output: str) -> list[tuple[str, str, float, str, float, str]]:
    """Read the table: shown, PyTorch's text and confidence, TensorFlow.js' ones, the verdict."""
    row = re.compile(r"^  (\S+) +(\S+) +(\d\.\d{3}) +(\S+) +(\d\.\d{3})  (\S+)$", re.MULTILINE)
    return [(a, b, float(c), d, float(e), f) for a, b, c, d, e, f in row.findall(output)]


@pytest.mark.slow
def test_both_models_read_what_doctr_read_when_the_words_were_made(
    demo: tuple[Path, str],
) -> None:
    """words.json was written by docTR's own predictor, before sigfix existed."""
    expected = [(word["text"], word["doctr"], word["confidence"]) for word in WORDS]
    assert len(expected) == 20
    read = rows(demo[1])
    assert [(shown, text) for shown, text, *_ in read] == [(w, t) for w, t, _ in expected]
    assert [text for *_, text, _, _ in read] == [text for _, text, _ in expected]
    for (_, _, pytorch, _, tfjs, verdict), (_, _, confidence) in zip(read, expected, strict=True):
        assert pytorch == pytest.approx(confidence, abs=2e-3)
        assert tfjs == pytest.approx(confidence, abs=2e-3)
        assert verdict == "same"


@pytest.mark.slow
def test_every_stage_reports_its_parity(demo: tuple[Path, str]) -> None:
    directory, output = demo
    for stage in (
        "docTR (PyTorch) -> ONNX Runtime",
        "ONNX Runtime -> SavedModel",
        "SavedModel -> TensorFlow.js",
    ):
        for batch in (1, 4):
            assert f"same   {stage}, batch {batch}" in output
    assert (directory / "crnn_mobilenet_v3_small_tfjs" / "model.json").is_file()


@pytest.mark.slow
def test_a_worse_model_is_told_from_docTRs(demo: tuple[Path, str], tmp_path: Path) -> None:
    """The comparison can fail: weights in another order do not read the words."""
    from examples.demo import comparison, read_words

    worse = shutil.copytree(demo[0] / "crnn_mobilenet_v3_small_tfjs", tmp_path / "worse")
    shuffle_weights(worse)
    readings = read_words(worse)
    assert not any(reading.same for reading in readings)
    assert "0 of 20 read the same" in comparison(readings)


def shuffle_weights(model: Path) -> None:
    """Put the numbers of each float32 weight of a TensorFlow.js model into another order."""
    (group,) = json.loads((model / "model.json").read_text("utf-8"))["weightsManifest"]
    shards = [np.fromfile(model / path, "uint8") for path in group["paths"]]
    data, offset = np.concatenate(shards), 0
    for entry in group["weights"]:
        size = (1 if entry["dtype"] == "bool" else 4) * math.prod(entry["shape"])
        if entry["dtype"] == "float32":
            numbers = data[offset : offset + size].view("float32")
            numbers[:] = np.random.default_rng(0).permutation(numbers)
        offset += size
    assert offset == data.size
    for path, shard in zip(group["paths"], shards, strict=True):
        data[: shard.size].tofile(model / path)
        data = data[shard.size :]


@pytest.mark.slow
def test_a_hundred_rendered_words_are_read_alike(demo: tuple[Path, str]) -> None:
    """Thousands of them in `make matrix`. About five seconds, besides the demo."""
    from tests.matrix import words

    rendered = words.rendered_words(100)
    images = words.crops(rendered)
    pytorch = words.read_with_pytorch(images)
    assert words.read_with_tfjs(images, demo[0] / "crnn_mobilenet_v3_small_tfjs") == pytorch
    right = sum(word.text == read for word, read in zip(rendered, pytorch, strict=True))
    assert right > 80  # the comparison is of words, not of noise


@pytest.mark.slow
def test_the_javascript_of_the_readme_reads_the_same(demo: tuple[Path, str]) -> None:
    """Served over HTTP as in a browser; what stands for the canvas is docTR's resized image."""
    from doctr.io import read_img_as_numpy
    from doctr.models.preprocessor import PreProcessor

    from sigfix.verifying.runners.node import find_node, packages_directory

    node = find_node()
    resize = PreProcessor((32, 128), batch_size=1, mean=(0, 0, 0), preserve_aspect_ratio=True)
    snippet = re.search(r"```js\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert snippet
    body = re.sub(r"^import .*$", "", snippet.group(1), flags=re.MULTILINE)
    body = body.replace("crnn_mobilenet_v3_small_tfjs/model.json", "ADDRESS")
    assert "'ADDRESS'" in body
    wasm = "@tensorflow/tfjs-backend-wasm"
    with serving(demo[0] / "crnn_mobilenet_v3_small_tfjs") as address:
        script = f"""
            const require = (await import('node:module')).createRequire(
              {json.dumps(str(packages_directory(node) / "here.js"))});
            const tf = require('@tensorflow/tfjs');
            require('{wasm}').setWasmPaths(
              require('node:path').dirname(require.resolve('{wasm}/package.json')) + '/dist/');
            tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
        """
        for word in WORDS[:5]:
            pixels = resize([read_img_as_numpy(ROOT / "examples" / "words" / word["file"])])[0][0]
            rgb = (pixels.permute(1, 2, 0) * 255).round().byte().reshape(-1, 3).tolist()
            rgba = [value for pixel in rgb for value in (*pixel, 255)]
            script += f"""{{
                const canvas = {{data: Uint8Array.from({rgba}), width: 128, height: 32}};
                {body.replace("ADDRESS", address)}
                console.log('read:', tf.getBackend(), text);
            }}"""
        done = subprocess.run(
            [node.program, "--input-type=module", "-"],
            input=script,
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr
    read = [line for line in done.stdout.splitlines() if line.startswith("read: ")]
    assert read == [f"read: wasm {word['doctr']}" for word in WORDS[:5]]


@contextmanager
def serving(directory: Path) -> Iterator[str]:
    """Serve a model's directory on this machine; the address of its model.json."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(directory))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/model.json"
        server.shutdown()


def test_a_directory_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    done = run_demo(tmp_path)
    assert done.returncode == 2
    assert "not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
