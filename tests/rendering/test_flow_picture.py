"""`inspect --graph`: a model's data flow as a picture, whatever its names and its size."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytest.importorskip("networkx")

from sigfix.describing.data_flow import BLOCK, INPUT, OUTPUT, TABLE, DataFlow, data_flow_of
from sigfix.describing.scopes import grouped_by_scope
from sigfix.reading import read
from sigfix.rendering.flow_picture import rendered_flow
from sigfix.rendering.layers import BOX_HEIGHT, BOX_WIDTH, laid_out
from tests.cli.running import run
from tests.corpus import CORPUS, everything, needs_corpus
from tests.models import Dtype, Model, healthy
from tests.rendering.test_hostile_names import ODD, odd_model

FLOAT = Dtype("float32")
OPS = ("Conv2D", "FusedBatchNormV3", "Relu", "AddV2")
SVG = "{http://www.w3.org/2000/svg}"


def chain(names: Sequence[str]) -> Model:
    """Operators one after another, with shortcuts over five of them."""
    model = Model()
    model.node("x", "Placeholder", dtype=FLOAT)
    before = "x"
    for number, name in enumerate(names):
        short = [names[number - 5]] if number > 6 and number % 7 == 0 else []
        model.node(name, OPS[number % 4], [before, *short], T=FLOAT)
        before = name
    model.signature(
        "serving_default",
        {"x": ("x:0", "float32", (None, 3))},
        {"y": (f"{before}:0", "float32", None)},
    )
    return model


def flow(model: Model, place: Path) -> DataFlow:
    found = data_flow_of(read(model.write(place)).meta_graphs[0])
    assert found is not None
    return found[1]


def texts(picture: str) -> list[str]:
    found = ElementTree.fromstring(picture).iter(f"{SVG}text")
    return [item.text or "" for item in found]


LARGE = {
    "layers": [f"net/conv{n // 1000}_block{n // 40}_{n // 4}/{OPS[n % 4]}" for n in range(5000)],
    "flat": [f"{OPS[n % 4]}_{n}" for n in range(5000)],
    "deep": [f"a/b/encoder/layer_{n // 100}/part_{n // 10}/{n}" for n in range(5000)],
    "one scope": [f"a/{n}" for n in range(5000)],
    "every name a path": [f"{n}/" * 40 + "n" for n in range(1500)],
}


@pytest.mark.parametrize("kind", LARGE)
def test_a_large_model_is_few_blocks(kind: str, tmp_path: Path) -> None:
    model = read(chain(LARGE[kind]).write(tmp_path / "m"))
    start = time.process_time()
    found = data_flow_of(model.meta_graphs[0])
    picture = rendered_flow(model, "m", ".svg")
    assert time.process_time() - start < 10
    assert found is not None and picture is not None
    blocks = [box for box in found[1].boxes if box.kind == BLOCK]
    assert 1 <= len(blocks) <= 40
    assert len(blocks) > 10
    assert found[1].operators == len(LARGE[kind])
    assert f"{len(LARGE[kind]):,} operators" in texts(picture)[0]
    assert len(picture) < 60_000


def test_a_small_model_is_its_layers(tmp_path: Path) -> None:
    names = [f"net/{layer}/{op}" for layer in ("dense", "dense_1", "head") for op in OPS]
    found = flow(chain(names), tmp_path / "m")
    assert [(box.kind, box.name) for box in found.boxes] == [
        (INPUT, "x"), (BLOCK, "net/dense"), (BLOCK, "net/dense_1"), (BLOCK, "net/head"),
        (OUTPUT, "y"),
    ]  # fmt: skip
    assert found.boxes[1].detail == "4 operators: Conv2D, FusedBatchNormV3, Relu, ..."
    assert found.edges >= {(0, 1), (1, 2), (2, 3), (3, 4)}


def test_tables_and_two_outputs_are_told_apart(tmp_path: Path) -> None:
    model = Model()
    model.node("words", "Placeholder", dtype=Dtype("string"))
    model.node("n", "Placeholder", dtype=FLOAT)
    model.node("vocabulary", "HashTableV2", shared_name="words.txt")
    model.node("default", "Const", dtype=Dtype("int64"))
    model.node("ids", "LookupTableFindV2", ["vocabulary", "words", "default"])
    model.node("twice", "Mul", ["n", "n"], T=FLOAT)
    model.signature(
        "serving_default",
        {"words": ("words:0", "string", (None,)), "n": ("n:0", "float32", (None,))},
        {"ids": ("ids:0", "int64", (None,)), "twice": ("twice:0", "float32", (None,))},
    )
    found = flow(model, tmp_path / "m")
    names = {box.name: number for number, box in enumerate(found.boxes)}
    assert found.boxes[names["words.txt"]].kind == TABLE
    read_by = {(found.boxes[a].name, found.boxes[b].name) for a, b in found.edges}
    assert {("words.txt", "ids"), ("words", "ids"), ("n", "twice")} <= read_by
    assert ("n", "ids") not in read_by and ("words", "twice") not in read_by


def test_blocks_that_feed_one_another_are_one() -> None:
    from sigfix.describing.data_flow import Box

    boxes = (Box(INPUT, "x"), Box(BLOCK, "a/b", operators=(("Add", 1),)),
             Box(BLOCK, "a/c", operators=(("Add", 2),)), Box(OUTPUT, "y"))  # fmt: skip
    merged = DataFlow(boxes, frozenset({(0, 1), (1, 2), (2, 1), (2, 3)})).merged([{1, 2}])
    assert [box.name for box in merged.boxes] == ["x", "a", "y"]
    assert merged.boxes[1].operators == (("Add", 3),)
    assert merged.edges == {(0, 1), (1, 2)}


def test_no_box_lies_on_another_and_no_line_goes_through_one() -> None:
    edges = (
        {(0, n) for n in range(1, 9)} | {(n, 9) for n in range(1, 9)} | {(0, 9), (9, 10), (0, 10)}
    )
    layout = laid_out(11, edges)
    for one, (x, y) in enumerate(layout.boxes):
        assert BOX_WIDTH / 2 < x < layout.width - BOX_WIDTH / 2
        for other, (other_x, other_y) in enumerate(layout.boxes):
            apart = abs(x - other_x) >= BOX_WIDTH or abs(y - other_y) >= BOX_HEIGHT
            assert one == other or apart
        for points in layout.lines.values():
            for line_x, line_y in points[1:-1]:
                assert abs(line_x - x) > BOX_WIDTH / 2 or abs(line_y - y) > BOX_HEIGHT / 2


def test_groups_are_all_nodes_once() -> None:
    names = [(f"{n % 13}/{n % 7}/{n}", "Add") for n in range(3000)]
    for most in (1, 2, 5, 40):
        groups = grouped_by_scope(names, most)
        assert len(groups) <= most
        assert sorted(n for group in groups for n in group.members) == list(range(3000))


HOSTILE = {
    **ODD,
    "markup": "</text><script>alert(1)</script>",
    "attribute": "\"><image href='http://x/' onload='alert(1)'/>",
    "entity": "&lt;b&gt;&#x1b;]]>",
    "long": "x" * 10_000,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("form", [".svg", ".html"])
def test_names_of_a_model_are_text(name: str, form: str, tmp_path: Path) -> None:
    text = HOSTILE[name]
    model = read(odd_model(text).write(tmp_path / "m"))
    plain = read(odd_model("plain").write(tmp_path / "p"))
    for title in ("m", text):
        picture, usual = rendered_flow(model, title, form), rendered_flow(plain, "m", form)
        assert picture is not None and usual is not None
        assert not {c for c in picture if not c.isprintable()} - {"\n"}
        assert re.findall(r"<(\w+)", picture) == re.findall(r"<(\w+)", usual)
        assert len(picture) < len(usual) + 6000
        if form == ".svg":
            ElementTree.fromstring(picture)


@needs_corpus
def test_every_model_of_the_corpus_has_a_picture() -> None:
    drawn = 0
    for name in everything():
        try:
            model = read(CORPUS / name)
        except Exception:
            continue
        picture = rendered_flow(model, name, ".svg")
        drawn += picture is not None
        assert picture is None or len(texts(picture)) > 1
    assert drawn > 20


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("m --graph out.pdf", "expected a name that ends in .svg or .html"),
        ("m m2 --graph out.svg", "--graph draws one model"),
        ("net.h5 --graph out.svg", "net.h5 has layers instead"),
        ("layers/model.json --graph out.svg", "model.json has layers instead"),
        ("memory://graph-test/net.onnx --graph out.svg", "copy the file here"),
        ("cut.onnx --graph out.svg", "cut.onnx is damaged"),
        ("m --graph no/such/folder/out.svg", "cannot be written"),
    ],
)
def test_what_cannot_be_drawn_is_said(
    words: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    from tests.rendering.test_other_graphs import onnx_network

    fsspec = pytest.importorskip("fsspec")
    h5py = pytest.importorskip("h5py")
    monkeypatch.chdir(tmp_path)
    healthy().write(Path("m"))
    healthy().write(Path("m2"))
    fsspec.filesystem("memory").pipe("/graph-test/net.onnx", onnx_network())
    Path("cut.onnx").write_bytes(onnx_network()[:-9])
    with h5py.File("net.h5", "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": []})
    Path("layers").mkdir()
    Path("layers/model.json").write_text(
        json.dumps({"format": "layers-model", "modelTopology": {"model_config": {}}})
    )
    assert run("inspect", *words.split()) == 2
    assert said in capsys.readouterr().err
    assert not list(Path().glob("out.*"))


@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_the_report_is_the_same_beside_it(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    healthy().write(Path("m"))
    run("inspect", "m", "-f", form)
    alone = capsys.readouterr().out
    assert run("inspect", "m", "-f", form, "--graph", "out.html") == 0
    seen = capsys.readouterr()
    assert (seen.out, seen.err) == (alone, "Wrote out.html\n")
    assert Path("out.html").read_text().startswith("<!doctype html>")
