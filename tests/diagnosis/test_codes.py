"""Every code of the catalogue: a model that has the finding, and models that do not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sigfix.diagnosis import RULES
from sigfix.pipeline.inspect import inspect
from tests.diagnosis import broken_models
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


NEAR_MISSES: dict[str, list[Callable[[], Model]]] = {
    "SIG001": [broken_models.no_serving_default],
    "SIG002": [broken_models.several_none_default, broken_models.no_signature],
    "SIG003": [broken_models.several_signatures, broken_models.no_serving_default],
    "SIG004": [healthy],
    "SIG005": [broken_models.no_signature, broken_models.no_signature_tf1],
    "SIG006": [broken_models.no_signature],
    "SIG009": [broken_models.operator("Neg", T=broken_models.FLOAT)],
    "SIG010": [broken_models.method("tensorflow/serving/classify")],
    "SIG011": [broken_models.method("")],
    "SIG012": [complete],
    "SPC101": [broken_models.generic_names],
    "SPC103": [broken_models.no_signature],
    "SPC104": [healthy],
    "SPC105": [broken_models.unknown_rank],
    "SPC106": [broken_models.several_signatures],
    "SPC108": [broken_models.sparse_input],
    "SPC109": [broken_models.python_argument],
    "CON202": [broken_models.tags("serve", "tpu"), broken_models.tags()],
    "CON203": [broken_models.tags("train")],
    "CON204": [broken_models.truncated_variables],
    "CON205": [broken_models.missing_shard],
    "CON206": [broken_models.truncated_variables],
    "CON208": [complete],
    "CON209": [broken_models.asset("vocab.txt")],
    "CON213": [broken_models.tags("serve")],
    "BEH301": [broken_models.operator("FusedBatchNormV3", is_training=False)],
    "BEH302": [complete],
    "BEH303": [complete],
    "BEH304": [broken_models.operator("ReadFile")],
    "BEH306": [broken_models.operator("EagerPyFunc", Tout=[broken_models.FLOAT])],
    "BEH308": [broken_models.dropout_in_function],
}
"""Code -> models that come close to it and do not have it."""


@pytest.mark.parametrize(
    ("code", "build"),
    [
        pytest.param(code, build, id=f"{code}-{number}")
        for code, builders in NEAR_MISSES.items()
        for number, build in enumerate(builders)
    ],
)
def test_near_miss_has_not_the_finding(
    code: str, build: Callable[[], Model], tmp_path: Path
) -> None:
    assert code not in codes(build().write(tmp_path / "model"))
