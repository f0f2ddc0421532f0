"""The three commands of the main job, verbatim, in an empty directory."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec

import pytest

PRESETS = (
    "crnn_vgg16_bn",
    # make demo and the README's session run the three commands with this one.
    pytest.param("crnn_mobilenet_v3_small", marks=pytest.mark.matrix),
)

pytestmark = pytest.mark.skipif(
    not (find_spec("doctr") and find_spec("tensorflowjs")), reason="docTR or tensorflowjs is absent"
)


def sigfix(folder, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "sigfix", *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module", params=PRESETS)
def built(request, tmp_path_factory):
    """A folder in which `repair --preset` was run, and what it said."""
    folder = tmp_path_factory.mktemp(request.param)
    options = ("--preset", request.param, "--weights", "random", "--keep-onnx")
    return request.param, folder, sigfix(folder, "repair", *options)


def relative_differences(text, stages):
    lines = text.splitlines()
    return [
        float(re.search(r"([\d.e+-]+) of the range", lines[i + 1]).group(1))
        for i, line in enumerate(lines)
        if stages in line
    ]


def own_noise(text):
    """What the stages themselves differ by, as the notes say; four times that is allowed."""
    said = re.findall(r"itself differs by ([\d.e-]+) of its range", " ".join(text.split()))
    assert all(0 < float(noise) < 1e-4 for noise in said)
    return [float(noise) for noise in said]


def test_repair_preset(built):
    name, folder, done = built
    assert done.returncode == 0, done.stderr
    assert re.search(r"input +input +float32\[\?,32,128,3\] +from the preset", done.stdout)
    differences = relative_differences(done.stdout, "ONNX Runtime -> SavedModel, batch ")
    assert len(differences) == 4, "two batch sizes through two loaders"
    assert max(differences) <= max([1e-5, *(4 * noise for noise in own_noise(done.stdout))])
    assert sorted(p.name for p in folder.iterdir() if "tfjs" not in p.name) == [
        name,
        f"{name}.onnx",
    ]
    card = json.loads((folder / name / "assets.extra" / "sigfix.json").read_text())
    assert (card["preset"], card["decoder"], card["layout"]) == (name, "ctc", "nhwc")
    assert len(card["vocabulary"]) == 126


def test_inspect_finds_nothing_wrong(built):
    name, folder, _ = built
    done = sigfix(folder, "inspect", name, "--fail-on", "warning")
    assert done.returncode == 0, done.stdout
    assert re.search(r"out logits\s+float32\[\?,32,127\]", done.stdout)


def test_convert_finds_and_verifies_it(built, node_packages):
    name, folder, _ = built
    done = sigfix(folder, "convert", "--tfjs", "--force")
    assert done.returncode == 0, done.stderr
    differences = relative_differences(done.stdout, "SavedModel -> TensorFlow.js, batch ")
    assert len(differences) == 2
    assert max(differences) <= 1e-4
    assert "model.execute(), wasm backend" in done.stdout
    model = json.loads((folder / f"{name}_tfjs" / "model.json").read_text())
    assert set(model["signature"]["inputs"]) == {"input"}
    assert set(model["signature"]["outputs"]) == {"logits"}
    assert model["userDefinedMetadata"]["sigfix"]["preset"] == name
    assert all(p.stat().st_size <= 4 * 1024 * 1024 for p in (folder / f"{name}_tfjs").glob("*.bin"))


def test_convert_the_exported_onnx_file(built, tmp_path):
    name, folder, _ = built
    onnx_file = str(folder / f"{name}.onnx")
    done = sigfix(tmp_path, "convert", onnx_file, "--tfjs", "--preset", name, "-o", "web")
    assert done.returncode == 0, done.stderr
    assert max(relative_differences(done.stdout, "ONNX Runtime -> TensorFlow.js")) <= 1e-4
    model = json.loads((tmp_path / "web" / "model.json").read_text())
    shape = model["signature"]["inputs"]["input"]["tensorShape"]["dim"]
    assert [d["size"] for d in shape] == ["-1", "32", "128", "3"]
    keeps = sigfix(tmp_path, "convert", onnx_file, "--tfjs", "-o", "nchw")
    assert keeps.returncode == 0, keeps.stderr
    assert "input   input  float32[?,3,32,128]" in keeps.stdout


def test_without_network_the_missing_file_is_named(tmp_path):
    # An address that nothing listens on stands for a host that cannot be reached.
    done = sigfix(
        tmp_path,
        "repair",
        "--preset",
        "crnn_vgg16_bn",
        DOCTR_CACHE_DIR=str(tmp_path / "cache"),
        https_proxy="http://127.0.0.1:9",
        http_proxy="http://127.0.0.1:9",
    )
    assert done.returncode == 2
    assert "crnn_vgg16_bn-0417f351.pt" in done.stderr
    assert "--weights" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("repair", "--preset", "crnn_vgg16"), "try: crnn_vgg16_bn"),
        (("repair", "--preset", "crnn_vgg16_bn", "--rename", "a=b"), "--rename is for a MODEL"),
        (("repair", "m.onnx", "--weights", "random"), "--weights is for building a preset"),
        (("repair", "m.onnx", "--raw-logits"), "--raw-logits is for a docTR preset"),
        (("convert", "fast_tiny", "--tfjs", "--vocab", "abc"), "reads no characters"),
        (("convert", "fast_tiny", "--tfjs", "--weights", "no.pt"), "there is no such file"),
        (
            ("convert", "fast_tiny", "--tfjs", "--quantize", "auto", "--samples", "no"),
            "--samples no: there is no such file",
        ),
        (("convert", "m", "--tfjs", "--preset", "fast_tiny"), "repair m --preset fast_tiny"),
        (("convert", "fast_tin", "--tfjs"), "sigfix convert fast_tiny --tfjs"),
        (("repair", "--preset", "crnn_vgg16_bn", "--weights", "no.pt"), "there is no such file"),
        (("convert",), "no SavedModel"),
        (("convert", "--tfjs"), "no SavedModel"),
        (("convert", "--tfjs", "absent"), "absent"),
        (("convert", "crnn_vgg16_bn", "--tfjs", "--quantize", "int4"), "expected one of uint8"),
        (("convert", "fast_tiny", "--tfjs", "--target", "wasm"), "expected one of tfjs, tfjs-wasm"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_message(tmp_path, arguments, said):
    done = sigfix(tmp_path, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_weights_of_another_model_are_refused(tmp_path):
    import torch

    torch.save({"linear.weight": torch.zeros(3, 3)}, tmp_path / "other.pt")
    done = sigfix(
        tmp_path, "repair", "--preset", "crnn_mobilenet_v3_small", "--weights", "other.pt"
    )
    assert done.returncode == 2
    assert "not a checkpoint of docTR's crnn_mobilenet_v3_small" in done.stderr
