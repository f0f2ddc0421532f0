"""A printed command is a promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.environments import needs
from tests.printed.exploring import STARTS, Printed, commands_in, explore
from tests.saved_models import SAVERS

QUICK = ("hub", "estimator", "reads_files", "never_called")
"""Models with several commands each, most of which run nothing; the others take an hour."""
OTHERS = sorted(set(SAVERS) - {*QUICK, "endless", "keras_file", "onnx_file"})


def broken(name: str, folder: Path) -> list[str]:
    needs("tensorflow")
    SAVERS[name](folder / name)
    outcomes = explore(folder / name, STARTS, folder / "tried")
    assert outcomes or name == "never_called"
    return [f"{item.printed}: {item.said}" for item in outcomes if item.verdict == "broken"]


@pytest.mark.parametrize("name", QUICK)
def test_every_printed_command_is_kept(name: str, tmp_path: Path) -> None:
    assert broken(name, tmp_path) == []


@pytest.mark.matrix
@pytest.mark.parametrize(
    "name", sorted(set(SAVERS) - {*QUICK, "endless", "keras_file", "onnx_file"})
)
def test_every_printed_command_of_all_models_is_kept(name: str, tmp_path: Path) -> None:
    assert broken(name, tmp_path) == []


def test_commands_are_found_where_they_are_printed() -> None:
    output = (
        "error   SIG001  no signature\n        - or: sigfix repair m --function g\n"
        "        fix: sigfix repair m\nerror: x\n  try: --trust   # runs it\n"
        "      choose it with --from b\n  try: copy the model again\n"
    )
    found = list(commands_in(output, "sigfix inspect m"))
    assert found == [
        Printed("sigfix repair m --function g", "sigfix inspect m", "SIG001  no signature"),
        Printed("sigfix repair m", "sigfix inspect m", "SIG001  no signature"),
        Printed("sigfix inspect m --trust   # runs it", "sigfix inspect m", "SIG001  no signature"),
        Printed("sigfix inspect m --from b", "sigfix inspect m", "SIG001  no signature"),
    ]


@pytest.mark.parametrize(
    ("printed", "verdict"),
    [
        ("sigfix repair m --no-such-option", "broken"),
        ("sigfix repair m --from nothing", "broken"),
        ("sigfix repair 'm", "broken"), ("sigfix repair m --from NAME", "author"),
        ("sigfix repair m --set-tags serve,gpu --no-verify", "kept"),
    ],
)  # fmt: skip
def test_a_promise_that_is_not_kept_is_seen(
    printed: str, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.printed import exploring

    needs("tensorflow")
    SAVERS["hub"](tmp_path / "m")
    real = exploring.run

    def run(command: str, folder: Path, seconds: int = 400) -> tuple[int, str]:
        return (1, f"  try: {printed}\n") if command == "start m" else real(command, folder)

    monkeypatch.setattr(exploring, "run", run)
    (outcome,) = explore(tmp_path / "m", ("start {model}",), tmp_path / "tried")
    assert outcome.verdict == verdict
