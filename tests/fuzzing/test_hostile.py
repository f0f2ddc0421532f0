"""Twenty thousand damaged files: a report or a clear error, never anything else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INPUTS = 20_000
PROCESSES = 2
LARGEST_MEMORY = 500


@pytest.mark.slow
def test_damaged_files(tmp_path: Path) -> None:
    workers = []
    for seed in range(PROCESSES):
        folder = tmp_path / str(seed)
        folder.mkdir()
        command = [sys.executable, "-m", "tests.fuzzing.worker"]
        workers.append(
            subprocess.Popen(
                [*command, str(seed), str(INPUTS // PROCESSES), str(folder)],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    for worker in workers:
        output, errors = worker.communicate(timeout=900)
        assert worker.returncode == 0, errors[-3000:]
        count, reports, peak = map(int, output.split())
        assert count == INPUTS // PROCESSES
        assert 0 < reports < count
        assert peak < LARGEST_MEMORY
