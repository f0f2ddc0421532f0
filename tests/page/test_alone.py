"""`sigfix convert --tfjs --bundle`: one model with a page of its own, in Chromium."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stderr, redirect_stdout
from importlib.util import find_spec
from pathlib import Path

import pytest

if find_spec("doctr") is None:
    pytest.skip("needs doctr", allow_module_level=True)

from sigfix.pipeline.bundle_form import damages, read_manifest
from tests.ocr import models
from tests.page import saved_models
from tests.page.looking import looked
from tests.page.test_bundle import WEIGHTS

SAID = {
    models.RECOGNISER: ("reads words in a browser", "32 of 32 words in rendered pictures"),
    models.DETECTOR: ("finds words in a browser", "on a rendered page found in the same places"),
    models.CLASSIFIER: ("how words are turned", "32 of 32 words in rendered pictures"),
}
TITLES = {
    models.RECOGNISER: ("Read a word", "1 word read"),
    models.DETECTOR: ("Find the words of a picture", "[0-9]+ words found"),
    models.CLASSIFIER: ("See how a picture is turned", "This picture is (upright|turned|upside)"),
}


def run(*arguments: str) -> tuple[int, str, str]:
    from sigfix.cli.main import main

    said, told = io.StringIO(), io.StringIO()
    with redirect_stdout(said), redirect_stderr(told), pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0), said.getvalue(), told.getvalue()


@pytest.mark.matrix
@pytest.mark.parametrize("name", SAID)
def test_one_model_and_its_page(name: str, tmp_path: Path) -> None:
    model = saved_models.write(tmp_path / "model", name)
    site = tmp_path / "site"
    code, said, told = run("convert", str(model), "--tfjs", "--bundle", "-o", str(site))
    assert code == 0, told
    for words in SAID[name]:
        assert words in said
    assert damages(site, read_manifest(site)) == []
    found = looked(site, "alone.mjs", tmp_path)
    title, status = TITLES[name]
    assert found["title"] == title
    assert found["messages"] == found["strangers"] == found["barriers"] == []
    assert found["tooWide"] <= 0
    assert re.match(status, found["status"]), found["status"]
    (page,) = found["json"]["pages"]
    words = [word for line in page["blocks"][0]["lines"] for word in line["words"]]
    assert (words[0]["confidence"] is None) == (name != models.RECOGNISER)
    assert found["copy"] == (name == models.RECOGNISER)
    if name == models.RECOGNISER:
        assert [word["value"] for word in words] == found["lines"]


@pytest.mark.matrix
def test_a_preset_with_weights(tmp_path: Path) -> None:
    weights = ["--weights", str(WEIGHTS), "--quantize", "auto"]
    name, site = "crnn_mobilenet_v3_small", str(tmp_path / "site")
    code, said, told = run("convert", name, "--tfjs", "--bundle", "-o", site, *weights)
    assert code == 0, told
    assert "of 32 words in rendered pictures read the same" in said


def test_a_model_that_is_not_doctrs_is_refused(tmp_path: Path) -> None:
    import tensorflow as tf

    module = tf.Module()
    module.serve = tf.function(lambda x: {"y": 2 * x}, [tf.TensorSpec([None, 3], name="x")])
    tf.saved_model.save(module, str(tmp_path / "model"), signatures=module.serve)
    (tmp_path / "some.onnx").write_bytes(b"\x08\x07\x12\x00")
    for name, way in (("model", "--tfjs   #"), ("some.onnx", "--preset NAME --bundle")):
        path = str(tmp_path / name)
        code, _, told = run("convert", path, "--tfjs", "--bundle", "-o", str(tmp_path / "site"))
        assert code == 2
        assert "nothing in" in told
        assert "says that it is one" in told
        assert way in told
    assert not (tmp_path / "site").exists()


def test_nothing_that_failed_is_kept(tmp_path: Path) -> None:
    code, _, told = run("convert", "fast_tiny", "--bundle", "--keep-failed", str(tmp_path / "x"))
    assert code == 2
    assert "--bundle keeps nothing that failed: --keep-failed means nothing beside it" in told
