"""Every code of the catalogue: a model that has the finding, and models that do not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sigfix.diagnosis import RULES
from sigfix.pipeline.inspect import inspect
from tests.diagnosis.broken_models import POSITIVE, complete
from tests.models import Model, healthy

CASES = [
    pytest.param(code, build, id=f"{code}-{build.__name__}")
    for code, builders in POSITIVE.items()
    for build in builders
]
ELSEWHERE = {
    # findings about files that cannot be read are errors: tests/reading/test_bad_input.py
    "CON211", "CON212", "CON214", "CON215", "CON216", "CON217",
    # needs a path above the model: tests/reading/test_bad_input.py
    "CON210",
    # need a target: test_targets.py
    "SPC102", *(code for code in RULES if code.startswith("TGT")),
}  # fmt: skip


def codes(path: Path) -> list[str]:
    return [finding.code for finding in inspect(path).findings]


@pytest.mark.parametrize(("code", "build"), CASES)
def test_broken_model_has_the_finding(
    code: str, build: Callable[[], Model], tmp_path: Path
) -> None:
    report = inspect(build().write(tmp_path / "model"))
    found = [finding for finding in report.findings if finding.code == code]
    assert found, [finding.code for finding in report.findings]
    assert found[0].severity is RULES[code].severity
    assert found[0].message


@pytest.mark.parametrize("build", [healthy, complete])
def test_healthy_model_has_no_finding(build: Callable[[], Model], tmp_path: Path) -> None:
    assert codes(build().write(tmp_path / "model")) == []


def test_every_code_has_a_case() -> None:
    assert set(POSITIVE) | ELSEWHERE == set(RULES)


@pytest.mark.parametrize(("code", "build"), CASES)
def test_commands_name_the_model(code: str, build: Callable[[], Model], tmp_path: Path) -> None:
    path = build().write(tmp_path / "my model")
    for finding in inspect(path).findings:
        if finding.command:
            assert finding.command.startswith(f"sigfix repair '{path}'")
            assert finding.fixable.value != "never"
        else:
            assert finding.fixable.value == "never"
