"""`sigfix bundle`: the folder, the check before it is published, and what is refused."""

from __future__ import annotations

import json
import shutil
import tracemalloc
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

if find_spec("doctr") is None:
    pytest.skip("needs doctr", allow_module_level=True)

from sigfix.errors import NotVerifiedError, ParityError, SigfixError
from sigfix.pipeline import bundle as bundling
from sigfix.pipeline import bundle_check
from sigfix.pipeline.bundle import bundle
from sigfix.pipeline.bundle_form import damages, files_below, read_manifest
from sigfix.pipeline.bundle_models import BundledModel, BundleOptions, Part, wider_types
from sigfix.verifying import decoding
from sigfix.verifying.decoding import in_both, word_places
from sigfix.verifying.page_words import WordCount
from tests.cli.running import run
from tests.cli.test_json_documents import problems

ROOT = Path(__file__).parents[2]
WEIGHTS = ROOT / "examples" / "weights" / "crnn_mobilenet_v3_small.fp16.safetensors"


def options(parts: Path, **more: object) -> BundleOptions:
    found = {"detection": Part(str(parts / "det")), "recognition": Part(str(parts / "reco"))}
    return replace(BundleOptions(found), **more)


def test_a_bundle_reads_as_doctr_does(bundled: tuple[Path, str]) -> None:
    site, said = bundled
    assert "words on a rendered page read the same" in said
    manifest = read_manifest(site)
    assert damages(site, manifest) == []
    assert set(files_below(site)) == {"bundle.json", *manifest.files}
    text = (site / "page" / "settings.js").read_text("utf-8")
    assert "readBundle" in text
    licence = (site / "LICENSE.txt").read_bytes()
    assert licence.endswith((ROOT / "LICENSE").read_bytes())
    for folder, pattern in (("ocr", "*.js"), ("kernels", "*.mjs")):
        own = ROOT / "sigfix" / "web" / folder
        assert {p.name for p in (site / folder).iterdir()} == {p.name for p in own.glob(pattern)}
    assert f"Next: sigfix serve {site}" in said


def spoilt(monkeypatch: pytest.MonkeyPatch, file: str, old: str, new: str) -> None:
    """Let every bundle be made with a fault in a file of it."""
    whole = bundling.copy_page

    def copy_page(place: Path, packages: Path) -> None:
        whole(place, packages)
        text = (place / file).read_text("utf-8")
        assert old in text
        (place / file).write_text(text.replace(old, new), "utf-8")

    monkeypatch.setattr(bundling, "copy_page", copy_page)


@pytest.mark.parametrize("where", ["Chromium", "Node.js"])
def test_a_bundle_that_reads_otherwise_is_not_published(
    where: str, parts: Path, tmp_path: Path, monkeypatch
) -> None:
    if where == "Node.js":
        monkeypatch.setattr(bundle_check, "find_chromium", lambda: None)
    elif bundle_check.find_chromium() is None:
        pytest.skip("needs Chromium")
    spoilt(monkeypatch, "ocr/crops.js", "export function straightCrop(", "function straightCrop(")
    with pytest.raises(ParityError, match=f"does not read a page in {where}"):
        bundle(options(parts), tmp_path / "site")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.matrix
def test_other_boxes_are_seen(parts: Path, tmp_path: Path, monkeypatch) -> None:
    spoilt(monkeypatch, "ocr/boxes.js", "unclip", "least_score")
    with pytest.raises(ParityError, match="reads otherwise than docTR"):
        bundle(options(parts), tmp_path / "site")


@pytest.mark.matrix
def test_a_page_without_words_tells_nothing(parts: Path, tmp_path: Path, monkeypatch) -> None:
    from PIL import Image

    blank = Image.new("RGB", (200, 200), "white")
    monkeypatch.setattr(bundling, "_sample", lambda *_: blank)
    monkeypatch.setattr(bundle_check, "find_chromium", lambda: None)
    with pytest.raises(NotVerifiedError, match="finds 0 words with these models"):
        bundle(options(parts), tmp_path / "site")
    assert list(tmp_path.iterdir()) == []


def test_the_json_document_follows_its_schema(
    parts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = ["--det", str(parts / "det"), "--reco", str(parts / "reco")]
    run("bundle", *models, "-o", str(tmp_path / "site"), "--no-verify", "--format", "json")
    assert problems(capsys.readouterr().out, "bundle") == []


@pytest.mark.matrix
def test_words_at_all_angles(parts: Path, tmp_path: Path) -> None:
    turned = options(parts)
    turned.parts["orientation"] = Part(str(parts / "cls"))
    found = bundle(turned, tmp_path / "site")
    assert found.check is not None
    assert found.check.words.reference > 100


@pytest.mark.matrix
def test_a_preset_is_converted_and_stored_small(parts: Path, tmp_path: Path) -> None:
    from sigfix.pipeline.preset_options import PresetOptions

    built = options(parts)
    weights = PresetOptions(str(WEIGHTS))
    built.parts["recognition"] = Part("crnn_mobilenet_v3_small", weights)
    found = bundle(built, tmp_path / "site")
    recogniser = found.models[1].converted
    assert recogniser is not None
    assert recogniser.quantize in ("uint8", "float16")
    assert found.check is not None
    assert found.check.words.part_different <= bundle_check.MOST_DIFFERENT


def stored(folder: Path, **types: tuple[str | None, int]) -> dict[str, BundledModel]:
    """Models of some types and sizes, as far as the next types to try depend on them."""
    made = {}
    for task, (dtype, size) in types.items():
        (folder / task).mkdir(parents=True)
        (folder / task / "weights.bin").write_bytes(bytes(size))
        made[task] = BundledModel(task, "", folder / task, None, SimpleNamespace(quantize=dtype))
    return made


def test_wider_types_are_tried_the_smallest_bundle_first(tmp_path: Path) -> None:
    both = stored(tmp_path / "1", detection=("uint8", 9), recognition=("uint8", 5))
    assert [(types["detection"], types["recognition"]) for types in wider_types(both)] == [
        ("mixed", "mixed"), ("mixed", "float16"), ("float16", "float16"), ("none", "none"),
    ]  # fmt: skip
    one = stored(tmp_path / "2", detection=("mixed", 9), recognition=("float16", 5))
    assert [types["detection"] for types in wider_types(one)] == ["float16", "none"]
    assert wider_types(stored(tmp_path / "3", recognition=(None, 5))) == []
    one["detection"] = replace(one["detection"], converted=None)  # which nothing is converted of
    assert wider_types(one) == [{"recognition": "none"}]


@pytest.mark.matrix
@pytest.mark.parametrize(
    ("part", "images"), [("orientation", "crops"), ("page_orientation", "pages")]
)
def test_a_classifier_is_converted_into_a_bundle(
    part: str, images: str, parts: Path, tmp_path: Path
) -> None:
    from sigfix.pipeline.preset_options import PresetOptions

    turned = options(parts, verify=False)
    weights = PresetOptions("random")
    turned.parts[part] = Part(f"mobilenet_v3_small_{images[:-1]}_orientation", weights)
    (*_, classifier) = bundle(turned, tmp_path / "site").models
    assert classifier.converted is not None
    assert {trial.unit for trial in classifier.converted.trials} == {"turns"}
    written = json.loads((tmp_path / "site/models" / part / "model.json").read_bytes())
    assert written["userDefinedMetadata"]["sigfix"]["images"] == images


def changed(parts: Path, place: Path, name: str, change: object) -> Path:
    """A copy of a model with another card, or without one."""
    shutil.copytree(parts / name, place / name)
    path = place / name / "model.json"
    document = json.loads(path.read_text("utf-8"))
    if change is None:
        del document["userDefinedMetadata"]["sigfix"]
    else:
        document["userDefinedMetadata"]["sigfix"].update(change)
    path.write_text(json.dumps(document), "utf-8")
    return place / name


REFUSED = {
    "task": ("is for recognition", {}),
    "no card": ("it has no card", None),
    "old card": ("its card has the version 1", {"version": 1}),
    "classes": ("tells 2 classes apart", {"class_names": ["date", "total"]}),
    "weights": ("is damaged", {}),
    "preset": ("this preset is for recognition", {}),
    "nothing": ("does not exist", {}),
    "option": ("--det-weights is for building a preset, and .*det is built already", {}),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_what_is_no_part_of_a_bundle_is_refused(fault: str, parts: Path, tmp_path: Path) -> None:
    words, change = REFUSED[fault]
    given = Part(str(changed(parts, tmp_path, "det", change)))
    if fault == "task":
        given = Part(str(parts / "reco"))
    if fault == "weights":
        (tmp_path / "det" / "weights.bin").unlink()
    if fault in ("preset", "nothing"):
        given = Part("crnn_vgg16_bn" if fault == "preset" else str(tmp_path / "nothing"))
    if fault == "option":
        from sigfix.pipeline.preset_options import PresetOptions

        given = replace(given, options=PresetOptions(str(WEIGHTS)))
    made = options(parts)
    made.parts["detection"] = given
    with pytest.raises(SigfixError, match=words) as caught:
        bundle(made, tmp_path / "site")
    assert not (tmp_path / "site").exists()
    assert caught.value.hint


SAID = {
    "--det db_mobilenet_v4_large": (
        "there is no preset of that name",
        "--det db_mobilenet_v3_large",
    ),
    "--det crnn_vgg16_bn": ("--det crnn_vgg16_bn: this preset is for recognition", "--reco crnn"),
    "--det-size 512": ("--det-size is for building a preset", "leave --det-size out"),
    "--vocab french": ("--vocab is for building a preset", "leave --vocab out"),
    "--det fast_tiny --det-size big": ("--det-size big: not understood", "--det-size 32x256"),
    "--det fast_tiny --det-size 500": ("multiples of 32", "--det-size"),
    "--det fast_tiny --det-weights no.pt": (
        "--det-weights no.pt: there is no such",
        "--det-weights ",
    ),
    "--cls-weights no.pt": ("--cls-weights says nothing without --cls", "add --cls"),
    "--page-cls-weights no.pt": ("--page-cls-weights says nothing without", "add --page-cls"),
}


@pytest.mark.parametrize("given", SAID)
def test_options_that_cannot_be_meant_are_named(
    given: str, parts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = ["--det", str(parts / "det"), "--reco", str(parts / "reco")]
    assert run("bundle", *models, *given.split(), "-o", str(tmp_path / "site")) == 2
    said = capsys.readouterr().err
    for words in SAID[given]:
        assert words in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "--reco-weights w.pt is empty"),
        (b"version https://git-lfs", "--reco-weights w.pt is a Git-LFS pointer"),
        (b"no checkpoint", "--reco-weights w.pt: not a readable .pt"),
        (b"small", "check --reco and --reco-weights."),
    ],
)
def test_a_file_of_weights_is_called_as_its_option_is(
    content: bytes, said: str, parts: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("w.pt").write_bytes(content)
    if content == b"small":
        import torch

        torch.save({"a.weight": torch.zeros(1)}, "w.pt")
    models = ["--det", str(parts / "det"), "--reco", "crnn_mobilenet_v3_small"]
    assert run("bundle", *models, "--reco-weights", "w.pt", "-o", "site") == 2
    told = capsys.readouterr().err
    assert said in told
    assert " --weights" not in told
    assert not Path("site").exists()


def test_weights_of_another_preset_are_told_with_the_same_command(
    parts: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    models = [f"--reco={name}" for name in ("crnn_vgg16_bn", "crnn_mobilenet_v3_small")]
    typed = ["--det", str(parts / "det"), models[0], "--reco-weights", str(WEIGHTS), "-o", "site"]
    assert run("bundle", *typed) == 2
    told = capsys.readouterr().err
    assert "are those of crnn_mobilenet_v3_small, not of crnn_vgg16_bn" in told
    assert f" {models[1]} --reco-weights " in told


def test_options_are_checked_before_anything(parts: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(SigfixError, match="something else"):
        bundle(options(parts, force=True), tmp_path)
    with pytest.raises(
        SigfixError, match="expected one of uint8, mixed, uint16, float16, auto, none"
    ):
        bundle(options(parts, quantize="uint4"), tmp_path / "site")
    with pytest.raises(SigfixError, match="--reco is missing"):
        bundle(BundleOptions({"detection": Part("fast_tiny")}), tmp_path / "site")
    with pytest.raises(SigfixError, match="overlaps the input"):
        bundle(options(parts), parts / "det" / "site")


def page(*words: tuple[tuple[float, float, float, float], str]) -> dict[str, object]:
    made = [{"geometry": [[a, b], [c, d]], "value": text} for (a, b, c, d), text in words]
    return {"blocks": [{"lines": [{"words": made}]}]}


def test_words_are_the_same_in_one_place_with_equal_text() -> None:
    one = page(((0, 0, 0.2, 0.1), "a"), ((0.3, 0, 0.5, 0.1), "b"), ((0.6, 0, 0.8, 0.1), "c"))
    other = page(((0.01, 0, 0.2, 0.1), "a"), ((0.3, 0, 0.5, 0.1), "x"), ((0.6, 0.5, 0.8, 0.6), "c"))
    assert WordCount.of(one, other) == WordCount(3, 3, 1)
    assert WordCount.of(one, one).part_different == 0
    assert WordCount.of(one, page()) == WordCount(3, 0, 0)
    assert WordCount.of(page(), page()).part_different == 1


def test_places_of_words_in_a_map() -> None:
    probabilities = np.zeros((40, 60), np.float32)
    probabilities[5:10, 5:25] = 0.9
    probabilities[20:30, 30:50] = 0.4
    probabilities[35, 35] = 0.9  # a speck
    places = word_places(probabilities, 0.3)
    assert sorted(map(tuple, places.tolist())) == [(5, 5, 25, 10), (30, 20, 50, 30)]
    assert len(word_places(probabilities, 0.5)) == 1
    assert in_both(places, places[::-1]) == [(0, 1), (1, 0)]
    assert in_both(places, places[:0]) == []


def test_places_of_thousands_of_words_need_little_memory() -> None:
    """What random weights find: pairs of 6,000 boxes took 2 GB, of 19,000 took 22."""
    corners = np.random.default_rng(0).random((6000, 2))
    boxes = np.concatenate([corners, corners + 0.001], 1)
    tracemalloc.start()
    pairs = in_both(boxes, boxes[::-1])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert pairs == [(n, 5999 - n) for n in range(6000)]
    assert most < 100e6


def test_places_are_the_same_however_many_are_looked_at_at_a_time(monkeypatch) -> None:
    corners = np.random.default_rng(0).integers(0, 9, (40, 2))
    boxes = np.concatenate([corners, corners + 3], 1)
    one, other = boxes[:25], boxes[15:]
    at_once = in_both(one, other)
    assert len(at_once) > 10
    for pairs in (1, 50, 77):
        monkeypatch.setattr(decoding, "_PAIRS", pairs)
        assert in_both(one, other) == at_once
