"""`verify --plot`: the picture says what the comparison says, whatever the names are."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from sigfix.rendering.verify_plot import MOST_ROWS, Mark, Words, shapes_of, verify_plot
from sigfix.verifying.tolerances import Limit
from sigfix.verifying.verdict import Verification, compare_cases, verdict_of
from tests.cli.running import run
from tests.rendering.test_hostile_names import ODD


def parity(differences: dict[str, float], key: str = "serving_default") -> Verification:
    """Outputs of which one number of the second batch differs by so much of their range."""
    whole = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
    odd = np.arange(12).reshape(3, 4) == 9
    references = [dict.fromkeys(differences, whole[:2]), dict.fromkeys(differences, whole)]
    results = [
        dict.fromkeys(differences, whole[:2]),
        {name: whole + np.float32(by) * odd for name, by in differences.items()},
    ]
    limits = dict.fromkeys(differences, Limit(1e-5))
    compared = compare_cases(("left", "right"), references, results, [2, 3], limits)
    verdict, reason = verdict_of(compared, 2)
    return Verification(key, verdict, compared, reason)


def marks(*parities: Verification) -> list[Mark]:
    return [shape for shape in shapes_of(parities, "a", "b")[1] if isinstance(shape, Mark)]


def test_a_mark_for_each_comparison_further_right_where_more_differs() -> None:
    found = marks(parity({"small": 1e-6, "large": 0.5, "none": 0.0}))
    assert len(found) == 6
    at = {name: max(m.x for m in found if m.said.startswith(f"{name},")) for name in
          ("none", "small", "large")}  # fmt: skip
    assert at["none"] < at["small"] < at["large"]
    assert {m.colour for m in found if m.said.startswith("small")} == {"#2e7d32"}
    assert {m.colour for m in found if m.said.startswith("large, batch 3")} == {"#c62828"}
    assert "large, batch 3: 5.0e-01 of its range" in {m.said for m in found}
    assert found[0].said.startswith("large")  # what fails comes first


def test_what_cannot_be_subtracted_is_said() -> None:
    left = [{"y": np.zeros((2, 3), np.float32)}]
    right = [{"y": np.zeros((2, 4), np.float32)}]
    compared = compare_cases(("a", "b"), left, right, [2], {"y": Limit(1e-5)})
    found = Verification("f", "different", compared, "shapes differ")
    _, shapes = shapes_of((found,), "a", "b")
    said = [shape.said for shape in shapes if isinstance(shape, Words)]
    assert compared[0].parity.outputs[0].reason in said
    assert not marks(found)


@pytest.mark.parametrize("form", [".svg", ".html", ".png"])
def test_many_outputs_signatures_and_numbers_that_are_none(form: str) -> None:
    many = parity({f"output_{number}": number * 1e-7 for number in range(100)})
    none = Verification("g", "not comparable", (), "it cannot be called")
    infinite = parity({"y": float("inf"), "z": float("nan")}, "h")
    height, shapes = shapes_of((many, none, infinite), "a", "b")
    assert sum(isinstance(shape, Mark) for shape in shapes) <= 2 * MOST_ROWS + 4
    assert any("40 of 100 outputs" in s.said for s in shapes if isinstance(s, Words))
    assert height < 2500
    if form == ".png":
        pytest.importorskip("PIL")
    assert verify_plot((many, none, infinite), "a", "b", form)


def test_a_png_is_the_same_picture() -> None:
    image = pytest.importorskip("PIL.Image")
    found = parity({"large": 0.5, "none": 0.0})
    data = verify_plot((found,), "a", "b", ".png")
    assert isinstance(data, bytes)
    drawn = image.open(io.BytesIO(data))
    height, shapes = shapes_of((found,), "a", "b")
    assert drawn.size == (1800, int(height) * 2)
    for shape in shapes:
        if isinstance(shape, Mark):
            pixel = "#{:02x}{:02x}{:02x}".format(*drawn.getpixel((shape.x * 2, shape.y * 2)))
            assert pixel in ("#2e7d32", "#c62828")


HOSTILE = {**ODD, "markup": "</text><script>alert(1)</script>", "long": "x" * 10_000}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("form", [".svg", ".html", ".png"])
def test_names_are_text(name: str, form: str) -> None:
    text = HOSTILE[name]
    if form == ".png":
        pytest.importorskip("PIL")
        assert verify_plot((parity({text: 0.5}, text),), text, text, form)
        return
    picture = verify_plot((parity({text: 0.5}, text),), text, text, form)
    usual = verify_plot((parity({"y": 0.5}, "f"),), "a", "b", form)
    assert isinstance(picture, str) and isinstance(usual, str)
    assert re.findall(r"<(\w+)", picture) == re.findall(r"<(\w+)", usual)
    assert not {c for c in picture if not c.isprintable()} - {"\n"}
    assert len(picture) < len(usual) + 8000
    if form == ".svg":
        ElementTree.fromstring(picture)


def test_a_name_of_another_kind_is_refused_before_anything_runs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("verify", "nothing", "there", "--plot", "out.pdf") == 2
    assert "expected a name that ends in .html, .svg, .png" in capsys.readouterr().err


def test_the_command_draws_what_it_found(
    saved: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    model = str(saved("several_signatures"))
    assert run("verify", model, model, "--plot", "out.svg", "--format", "json") == 0
    seen = capsys.readouterr()
    assert "Wrote out.svg" in seen.err
    assert seen.out.startswith("{")
    picture = Path("out.svg").read_text()
    assert picture.count("same</text>") == 2
