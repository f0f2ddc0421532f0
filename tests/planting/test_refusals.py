"""A fault in any stage is refused, and nothing is published: no stage can pass on nothing.

The real programs run; the fault is planted in what comes out of one of them. A few run with every
`make test`, all of them with `make matrix`.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from sigfix.cli import main
from tests.planting.cases import AS_IT_IS, COMMANDS, QUICK, planted_faults
from tests.planting.models import Models
from tests.planting.ways import WAYS, change_weights, planted

ROOT = Path(__file__).parents[2]
PACKAGES = ("tensorflow", "tensorflowjs", "onnxruntime", "onnxslim", "keras", "doctr")

if not all(map(find_spec, PACKAGES)):
    pytest.skip("needs sigfix[all]", allow_module_level=True)


def cases(*, wrong: bool) -> list[Any]:
    """The planted faults, or of each stage the case without one."""
    rows = [row if wrong else (*row[:2], AS_IT_IS) for row in planted_faults()]
    found = []
    for row in dict.fromkeys(rows):
        marks = [] if row in QUICK else [pytest.mark.matrix]
        found.append(pytest.param(*row, marks=[*marks, pytest.mark.slow], id="-".join(row)))
    return found


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    return Models(tmp_path_factory.mktemp("models"))


def line_of(command: str, models: Models, output: Path) -> list[str]:
    """The arguments of the command; its models are saved now, before anything is planted."""
    return [
        str(output) if part == "{output}" else part.format_map(models)
        for part in COMMANDS[command].line.split()
    ]


def run(*arguments: str) -> int:
    """The exit status of a command, run in this process; its children are real ones."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    code = ended.value.code
    return code if isinstance(code, int) else int(code is not None)


SAID_SAME = re.compile(r"^ *same |: same\b", re.MULTILINE)
"""How every command says it; libraries have the word in messages of their own."""


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `examples/` lies."""
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize(("command", "stage", "fault"), cases(wrong=True))
def test_a_planted_fault_is_refused(
    command, stage, fault, models, tmp_path, node_packages, monkeypatch, capfd
) -> None:
    line = line_of(command, models, tmp_path / "out")
    with planted(monkeypatch, COMMANDS[command].stages[stage], fault):
        code = run(*line, "-q")
    said = capfd.readouterr()
    assert code in (1, 2), said
    assert "Traceback" not in said.err
    assert not (tmp_path / "out").exists()
    assert not SAID_SAME.search(said.out), said.out


@pytest.mark.parametrize(("command", "stage", "fault"), cases(wrong=False))
def test_the_same_way_in_without_a_fault_changes_nothing(
    command, stage, fault, models, tmp_path, node_packages, monkeypatch, capfd
) -> None:
    """What is refused above is refused for the fault, and not for how it got there."""
    line = line_of(command, models, tmp_path / "out")
    with planted(monkeypatch, COMMANDS[command].stages[stage], fault):
        assert run(*line, "-q") == 0
    assert SAID_SAME.search(capfd.readouterr().out)
    assert command.startswith("verify") or (tmp_path / "out").is_dir()


@pytest.mark.parametrize("way", WAYS)
def test_a_stage_that_is_never_reached_is_no_refusal(way, monkeypatch) -> None:
    stage = next(
        stage for known in COMMANDS.values() for stage in known.stages.values() if stage.way == way
    )
    with (
        pytest.raises(AssertionError, match="never started"),
        planted(monkeypatch, stage, stage.faults[0]),
    ):
        pass


@pytest.mark.slow
@pytest.mark.parametrize("another_fails", [pytest.param(False, marks=pytest.mark.matrix), True])
def test_the_pass_at_fault_is_named(
    another_fails, models, tmp_path, node_packages, monkeypatch, capfd
) -> None:
    """Though one of the others raises as soon as the pass before it is left out."""
    from sigfix.optimising import passes
    from sigfix.optimising.kernels import fusing
    from sigfix.optimising.tidying import identities

    real = identities.drop_identities
    fuse, run_all = fusing.fuse_bias_and_activation, passes.optimise_kernels
    left_out: list[str] = []

    def noted(graph: Any, without: Any = (), failing: Any = None) -> Any:
        left_out[:] = without
        return run_all(graph, without, failing)

    def failing(graph: Any) -> int:
        if another_fails and left_out and "identities" not in left_out:
            raise RuntimeError("planted")
        return int(fuse(graph))

    monkeypatch.setattr(passes, "optimise_kernels", noted)
    monkeypatch.setattr(fusing, "fuse_bias_and_activation", failing)

    def wrong(graph: Any) -> int:
        changed = real(graph)
        change_weights(graph, "scaled")
        return int(changed)

    monkeypatch.setattr(identities, "drop_identities", wrong)
    assert run(*line_of("convert", models, tmp_path / "out"), "--bisect-passes") == 1
    said = capfd.readouterr().err
    assert "The pass identities is at fault" in said
    assert "--without-pass identities" in said
    assert not (tmp_path / "out").exists()
