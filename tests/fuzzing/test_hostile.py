"""Hostile models of every format: a report or a clear refusal, and never anything else.

`make test` tries a few hundred; `make fuzz INPUTS=50000` tries as many as it is told.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from sigfix.reading import keras_config
from tests.fuzzing import steps
from tests.fuzzing.cases import WEIGHTS, Sandbox
from tests.fuzzing.seeds import Seed, keras_parts, seeds
from tests.fuzzing.steps import run_all

ROOT = Path(__file__).parents[2]
INPUTS = int(os.environ.get("SIGFIX_FUZZ_INPUTS", "400"))
FIRST_SEED = int(os.environ.get("SIGFIX_FUZZ_SEED", "0"))
PORTION = 1250
"""Inputs of one worker; a new one starts with fresh memory."""
LARGEST_MEMORY = 700
"""MiB, of a worker at its peak."""


def _worker(seed: int, count: int, folder: Path, *options: str) -> dict[str, Any]:
    """What a worker reports, printed as it comes: a long run is followed that way."""
    command = [sys.executable, "-m", "tests.fuzzing.worker", str(seed), str(count)]
    done = subprocess.run(
        [*command, str(folder), *options], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout, f"worker {seed} ended with {done.returncode}: {done.stderr[-2000:]}"
    found: dict[str, Any] = json.loads(done.stdout)
    print(json.dumps(found), flush=True)
    assert done.returncode == (1 if found["faults"] else 0)
    assert found["inputs"] == count == sum(found["kinds"].values()) + len(found["faults"])
    return found


@pytest.mark.slow
def test_hostile_models(tmp_path: Path) -> None:
    counts = [min(PORTION, INPUTS - start) for start in range(0, INPUTS, PORTION)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = [
            pool.submit(_worker, seed, count, tmp_path / str(seed))
            for seed, count in enumerate(counts, FIRST_SEED)
        ]
        reports = [item.result() for item in running]
    faults = [fault for report in reports for fault in report["faults"]]
    assert not faults, f"{len(faults)} faults, kept in {tmp_path}: {faults[:5]}"
    assert sum(report["inputs"] for report in reports) == INPUTS
    for report, count in zip(reports, counts, strict=True):
        assert report["peak_mib"] < LARGEST_MEMORY
        done = report["steps"]
        for name in ("inspected", "planned", "refused"):
            assert 0 < done[name] < count, (name, done)
        assert count < 400 or min(done["repaired"], done["prepared"]) > 0


@pytest.mark.matrix
@pytest.mark.skipif(find_spec("onnxslim") is None, reason="ONNX files are imported with onnxslim")
def test_hostile_onnx_files_are_imported(tmp_path: Path) -> None:
    """One in fifty of what `make fuzz` tries goes through TensorFlow, too."""
    count = max(INPUTS // 50, 20)
    report = _worker(FIRST_SEED, count, tmp_path, "--kind", "onnx", "--imports")
    assert not report["faults"], report["faults"][:5]
    assert min(report["steps"]["imported"], report["steps"]["converted"]) > 0


def test_every_kind_of_file_has_seeds() -> None:
    there = set(seeds())
    assert set(WEIGHTS) - there <= {"h5"}  # without h5py there are none of those


@pytest.mark.parametrize("kind", [kind for kind in WEIGHTS if kind != "h5"])
def test_seeds_are_read(kind: str, tmp_path: Path) -> None:
    """What the damage starts from is a model."""
    sandbox = Sandbox(tmp_path)
    for seed in seeds()[kind]:
        path = sandbox.place(seed, random.Random(0))
        outcome = run_all(path, sandbox.out, sandbox.temporary, random.Random(0))
        assert "inspected" in outcome.done, (kind, seed.inspected)
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
for name in ("outside", "out", "in"): (folder / name).mkdir()
(folder / "outside" / "secret").write_text("x")
(folder / "in" / "link").symlink_to("../outside/secret")
watch = Watch(folder / "in", (folder / "out",))
def act():
    if sys.argv[2] == "follow": (folder / "in" / "link").read_text()
    if sys.argv[2] == "read": Path("/etc/passwd").read_bytes()
    if sys.argv[2] == "write": (folder / "new").write_text("x")
    if sys.argv[2] == "remove": (folder / "in" / "link").unlink()
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
        ("follow", "caught Forbidden"), ("read", "caught Forbidden"), ("write", "caught Forbidden"),
        ("remove", "caught Forbidden"), ("start", "caught Forbidden"),
        ("connect", "caught Forbidden"), ("device", "caught Forbidden"),
        ("loop", "caught Expired"), ("allowed", ""),
    ],
)  # fmt: skip
def test_the_watch_sees_what_is_forbidden(act: str, caught: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", _PLANTED, str(tmp_path), act]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == caught
