"""Every code of the catalogue: models that have the finding, and near misses that do not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sigfix.diagnosis import RULES, Severity, diagnose
from sigfix.pipeline.inspect import inspect
from sigfix.reading import read
from tests.diagnosis.broken_models import (
    CASES,
    FLOAT,
    Fixture,
    broken_saved_models,
    codes,
    complete,
)
from tests.models import Model, healthy


@pytest.mark.parametrize("code", RULES)
def test_every_code_has_a_model_and_a_near_miss(code: str) -> None:
    assert CASES[code].has
    assert CASES[code].has_not


def test_every_case_is_of_a_code() -> None:
    assert list(CASES.keys() - RULES.keys()) == []


@pytest.mark.parametrize(
    ("code", "fixture"),
    [
        pytest.param(code, item, id=f"{code}-{number}")
        for code, pair in CASES.items()
        for number, item in enumerate(pair.has)
    ],
)
def test_model_has_the_finding(code: str, fixture: Fixture, tmp_path: Path) -> None:
    found = codes(fixture, tmp_path / "model")
    assert code in found, found


@pytest.mark.parametrize(
    ("code", "fixture"),
    [
        pytest.param(code, item, id=f"{code}-{number}")
        for code, pair in CASES.items()
        for number, item in enumerate(pair.has_not)
    ],
)
def test_near_miss_has_not_the_finding(code: str, fixture: Fixture, tmp_path: Path) -> None:
    assert code not in codes(fixture, tmp_path / "model")


@pytest.mark.parametrize("build", [healthy, complete])
def test_healthy_model_has_no_finding(build: Callable[[], Model], tmp_path: Path) -> None:
    assert codes(build, tmp_path / "model") == []


@pytest.mark.parametrize(
    ("target", "model"),
    [
        pytest.param(target, model, id=f"{code}-{number}")
        for number, (code, target, model) in enumerate(broken_saved_models())
    ],
)
def test_findings_agree_with_the_catalogue(target: str, model: Model, tmp_path: Path) -> None:
    """Severity and words are the rule's; a command names the model, or there is no repair."""
    path = model.write(tmp_path / "my model")
    for finding in inspect(path, target=target).findings:
        assert finding.severity is RULES[finding.code].severity
        assert finding.message
        if finding.command:
            assert finding.command.startswith(
                (f"sigfix repair '{path}'", f"sigfix convert '{path}'")
            )
            assert finding.fixable.value != "never"
        else:
            assert finding.fixable.value == "never"


def test_meta_graphs_that_nobody_means_have_notes_alone(tmp_path: Path) -> None:
    """Where the graph for serving is fine there is no error, and no fix takes it away."""
    model = Model(["train"])
    model.signature("train")
    model.add_meta_graph(["serve"])
    model.node("x", "Placeholder", dtype=FLOAT, shape=(None, 3))
    model.node("y", "Relu", ["x"], T=FLOAT)
    model.signature()
    found = diagnose(read(model.write(tmp_path / "m")))
    assert [item.code for item in found if item.severity is not Severity.NOTE] == ["CON201"]
    assert [item.command for item in found if "--only-metagraph" in item.command] == [
        f"sigfix repair {tmp_path / 'm'} --tags serve --only-metagraph"
    ]
    del model.message.meta_graphs[1]
    found = diagnose(read(model.write(tmp_path / "alone")))
    assert "SIG002" in [item.code for item in found if item.severity is Severity.ERROR]
