"""The formats of `inspect`: a golden file each, and their schemas.

`UPDATE_GOLDENS=1 pytest tests/rendering` writes the golden files anew.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import jsonschema
import pytest

from sigfix.diagnosis import RULES
from sigfix.diagnosis.catalogue import find_rule
from sigfix.diagnosis.messages import recognise
from sigfix.errors import SigfixError
from sigfix.pipeline.inspect import failed_inspection, inspect
from sigfix.rendering import rules_text, style
from sigfix.rendering.inspection_github import render_github
from sigfix.rendering.inspection_json import render_json
from sigfix.rendering.inspection_sarif import render_sarif
from sigfix.rendering.inspection_text import render_text
from sigfix.rendering.inspections import FORMATS, TEXT, Shown
from sigfix.rendering.style import Style
from sigfix.report import Inspection
from sigfix.version import __version__
from tests.corpus import CORPUS, everything, needs_corpus
from tests.diagnosis import broken_models
from tests.models import Model, healthy, with_variable
from tests.rendering.sarif import URL, sarif_validator

GOLDENS = Path(__file__).with_name("goldens")
SCHEMA = Path(rules_text.__file__).with_name("schemas") / "inspection.json"


def schema() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Inspection:
    """A TF2 model with functions, a variable, an asset, and findings of every severity."""
    monkeypatch.chdir(tmp_path)
    model = with_variable(Model())
    model.object_node("user_object", __call__=1, encode=2, signatures=3)
    model.traced_function(["f_1", "f_2"], [broken_models.X, True], ["x", "training"])
    model.traced_function(["g_1"], [{"ids": ("ids", "int64", None)}], ["features"])
    model.object_node("user_object", predict=2)
    model.signature("predict", inputs={"input_1": ("x:0", "float32", (None, 3))})
    model.meta.asset_file_def.add(filename="vocab.txt").tensor_info.name = "x:0"
    return inspect(model.write(Path("broken model")))


@pytest.fixture
def several(broken: Inspection, tmp_path: Path) -> list[Inspection]:
    """The broken model, a healthy one, a frozen graph, and what cannot be read."""
    healthy().write(Path("healthy"))
    Path("frozen.pb").write_bytes(Model().meta.graph_def.SerializeToString())
    found = [broken, inspect("healthy"), inspect("frozen.pb")]
    with pytest.raises(SigfixError) as caught:
        inspect("nothing")
    return [*found, failed_inspection(Path("nothing"), caught.value)]


def check_golden(name: str, text: str) -> None:
    path = GOLDENS / name
    text = text.replace(__version__, "VERSION")
    if os.environ.get("UPDATE_GOLDENS"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("width", [80, 120])
def test_text(broken: Inspection, width: int) -> None:
    check_golden(f"text-{width}.txt", render_text(broken, Style(width)))


def test_text_with_everything(broken: Inspection) -> None:
    check_golden("text-all.txt", render_text(broken, Style(80), everything=True))


def test_text_in_colour(broken: Inspection) -> None:
    text = render_text(broken, Style(80, colour=True))
    plain = render_text(broken, Style(80))
    assert "\x1b[31m" in text
    check_golden("text-colour.txt", text)
    assert re.sub(r"\x1b\[\d+m", "", text) == plain


def test_json(several: list[Inspection]) -> None:
    text = "".join(render_json(several))
    schema().validate(json.loads(text))
    check_golden("several.json", text)


def test_sarif(several: list[Inspection]) -> None:
    text = "".join(render_sarif(several))
    log = json.loads(text)
    sarif_validator().validate(log)
    assert log["$schema"] == URL
    results = log["runs"][0]["results"]
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    assert all(rules[item["ruleIndex"]]["id"] == item["ruleId"] for item in results)
    assert "broken%20model" in text
    log["runs"][0]["tool"]["driver"]["rules"] = []  # the catalogue has a page of its own
    check_golden("several.sarif", json.dumps(log, indent=2) + "\n")


def headings_of_the_findings_page() -> set[str]:
    """As GitHub makes addresses of headings, and mkdocs' toc: no heading here has other signs."""
    text = (Path(__file__).parents[2] / "docs" / "findings.md").read_text("utf-8")
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", head.lower()).replace(" ", "-") for head in heads}


def test_each_rule_of_sarif_leads_to_its_heading(several: list[Inspection]) -> None:
    page = "https://docs.example.com/sigfix/findings.html"
    log = json.loads("".join(render_sarif(several, page)))
    sarif_validator().validate(log)
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(RULES)
    for rule in rules:
        address, _, heading = rule["helpUri"].partition("#")
        assert address == page
        assert heading in headings_of_the_findings_page()
        assert heading.startswith(rule["id"].lower())


def test_without_a_page_sarif_has_no_address_of_one(several: list[Inspection]) -> None:
    """SARIF 2.1.0, 3.49.12: helpUri is an absolute URI; there is none that is right everywhere."""
    assert "helpUri" not in "".join(render_sarif(several))


def test_github(several: list[Inspection]) -> None:
    check_golden("several.github", "".join(render_github(several)))


def test_github_escapes(tmp_path: Path) -> None:
    model = Model()
    model.signature("a%b\nc")
    line = "".join(render_github([inspect(model.write(tmp_path / "x,y:z"))]))
    assert line.count("\n") == 1
    assert "x%2Cy%3Az,title=" in line
    assert "a%25b%0Ac" in line


def test_summary(several: list[Inspection]) -> None:
    check_golden("several.txt", "".join(FORMATS[TEXT](several, Shown(Style(80)))))


@pytest.mark.parametrize("code", ["SIG002", "TGT405"])
def test_explain(code: str) -> None:
    rule = find_rule(code)
    assert rule is not None
    check_golden(f"explain-{code}.txt", rules_text.render_rule(rule, Style(80)))


def test_explain_message() -> None:
    found = recognise('ValueError: Signature "serving_default" does not exist in the saved model')
    assert found is not None
    check_golden("explain-message.txt", rules_text.render_message(found, Style(80)))


@pytest.mark.parametrize("code", sorted(RULES))
def test_every_rule_says_everything(code: str) -> None:
    rule = RULES[code]
    for text in (rule.what, rule.why, rule.causes, rule.fix):
        assert len(text) > 10
    text = rules_text.render_rule(rule, Style(80))
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("width", [80, 120])
def test_list_of_rules_fits(width: int) -> None:
    text = rules_text.render_list(Style(width))
    assert max(map(len, text.splitlines())) <= width
    assert all(code in text for code in RULES)


def test_the_sarif_schema_can_fail(several: list[Inspection]) -> None:
    log = json.loads("".join(render_sarif(several)))
    log["runs"][0]["results"][0]["level"] = "fatal"
    assert not sarif_validator().is_valid(log)


@needs_corpus
def test_json_and_sarif_of_foreign_models_follow_their_schemas() -> None:
    validator, sarif = schema(), sarif_validator()
    for name in everything():
        path = CORPUS / name
        try:
            report = inspect(path)
        except SigfixError as error:
            report = failed_inspection(path, error)
        validator.validate(json.loads("".join(render_json([report]))))
        sarif.validate(json.loads("".join(render_sarif([report]))))
        render_text(report, Style(80), everything=True)


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1000, "1.0 kB"), (219_000, "219 kB"),
     (1_300_000, "1.3 MB"), (5_000_000_000, "5.0 GB"), (7_000_000_000_000, "7000 GB")],
)  # fmt: skip
def test_sizes(size: int, text: str) -> None:
    assert style.size_text(size) == text
