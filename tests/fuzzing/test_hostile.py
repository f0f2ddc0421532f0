"""Hostile models of every format: a report or a clear refusal, and never anything else.

`make test` tries a few hundred; `make fuzz INPUTS=50000` tries as many as it is told.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from sigfix.reading import keras_config
from tests.fuzzing import steps
from tests.fuzzing.cases import WEIGHTS, Sandbox
from tests.fuzzing.seeds import Seed, keras_parts, seeds
from tests.fuzzing.steps import run_all

ROOT = Path(__file__).parents[2]
INPUTS = int(os.environ.get("SIGFIX_FUZZ_INPUTS", "400"))
FIRST_SEED = int(os.environ.get("SIGFIX_FUZZ_SEED", "0"))
PORTION = 2500
"""Inputs of one worker; a new one starts with fresh memory."""
LARGEST_MEMORY = 700
"""MiB, of a worker at its peak."""


@pytest.mark.slow
def test_hostile_models(tmp_path: Path) -> None:
    total, left, seed = 0, INPUTS, FIRST_SEED
    while left > 0:
        count = min(left, PORTION)
        command = [sys.executable, "-m", "tests.fuzzing.worker", str(seed), str(count)]
        done = subprocess.run(
            [*command, str(tmp_path / str(seed))], cwd=ROOT, capture_output=True, text=True
        )
        assert done.stdout, f"worker {seed} ended with {done.returncode}: {done.stderr[-2000:]}"
        found = json.loads(done.stdout)
        print(json.dumps(found))
        assert not found["faults"], f"{len(found['faults'])} faults: {found['faults'][:5]}"
        assert done.returncode == 0
        assert found["inputs"] == count == sum(found["kinds"].values())
        assert found["peak_mib"] < LARGEST_MEMORY
        steps_done = found["steps"]
        for name in ("inspected", "planned", "refused"):
            assert 0 < steps_done[name] < count, (name, steps_done)
        assert count < 400 or steps_done["repaired"] > 0
        total, left, seed = total + count, left - count, seed + 1
    assert total == INPUTS


def test_every_kind_of_file_has_seeds() -> None:
    there = set(seeds())
    assert set(WEIGHTS) - there <= {"h5"}  # without h5py there are none of those


@pytest.mark.parametrize("kind", [kind for kind in WEIGHTS if kind != "h5"])
def test_seeds_are_read(kind: str, tmp_path: Path) -> None:
    """What the damage starts from is a model, or a zip archive that is named as such."""
    sandbox = Sandbox(tmp_path)
    for seed in seeds()[kind]:
        path = sandbox.place(seed, random.Random(0))
        outcome = run_all(path, sandbox.out, sandbox.temporary, random.Random(0))
        assert ("inspected" in outcome.done) == (kind != "zip"), (kind, seed.inspected)
        sandbox.clear()


def _try(seed: Seed, folder: Path) -> None:
    sandbox = Sandbox(folder)
    path = sandbox.place(seed, random.Random(0))
    run_all(path, sandbox.out, sandbox.temporary, random.Random(0))


def test_a_reader_that_trusts_its_input_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The boundary says it clearly to a user, and the fuzzer still sees it."""
    config = {"class_name": "Functional", "config": {"layers": [{"config": ["x"]}]}}
    parts = {**keras_parts(), "config.json": json.dumps(config).encode()}
    seed = next(item for item in seeds()["keras"])
    packed = seed.with_file("m.keras", _packed(parts))
    _try(packed, tmp_path / "careful")

    def trusting(config: dict[str, dict[str, list[dict[str, dict[str, str]]]]]) -> list[str]:
        return [config["config"]["layers"][-1]["config"].get("name", "")]

    monkeypatch.setattr(keras_config, "output_names", trusting)
    with pytest.raises(steps.Fault, match="AttributeError"):
        _try(packed, tmp_path / "trusting")


def _packed(parts: dict[str, bytes]) -> bytes:
    import io
    import zipfile

    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return data.getvalue()


_PLANTED = """
import sys
from pathlib import Path
from tests.fuzzing.watching import Expired, Forbidden, Watch, limited
from tests.fuzzing import watching
folder = Path(sys.argv[1])
(folder / "outside").mkdir(); (folder / "out").mkdir()
(folder / "outside" / "secret").write_text("x"); (folder / "link").symlink_to("outside/secret")
watch = Watch(folder / "outside", (folder / "out",))
def act():
    if sys.argv[2] == "follow": (folder / "link").read_text()
    if sys.argv[2] == "write": (folder / "new").write_text("x")
    if sys.argv[2] == "remove": (folder / "link").unlink()
    if sys.argv[2] == "start": __import__("subprocess").run(["true"])
    if sys.argv[2] == "connect": __import__("socket").create_connection(("127.0.0.1", 9))
    if sys.argv[2] == "device": open("/dev/zero").close()
    if sys.argv[2] == "allowed": (folder / "out" / "new").write_text("x")
    if sys.argv[2] == "loop":
        while True: pass
watching.CPU_SECONDS = 0.2
watch.active = True
try:
    with limited(): act()
except (Forbidden, Expired) as error:
    watch.active = False
    print("caught", type(error).__name__)
"""


@pytest.mark.parametrize(
    ("act", "caught"),
    [
        ("follow", "caught Forbidden"), ("write", "caught Forbidden"),
        ("remove", "caught Forbidden"), ("start", "caught Forbidden"),
        ("connect", "caught Forbidden"), ("device", "caught Forbidden"),
        ("loop", "caught Expired"), ("allowed", ""),
    ],
)  # fmt: skip
def test_the_watch_sees_what_is_forbidden(act: str, caught: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", _PLANTED, str(tmp_path), act]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == caught
