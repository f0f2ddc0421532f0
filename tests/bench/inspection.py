"""`sigfix inspect` against `saved_model_cli show --all`, as whole processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.bench.ratio import Ratio, in_turns

AIM = 1 / 20
ROUNDS = 3
CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
CORPUS_MODELS = ("basic_pitch", "half_plus_two_tf2", "taxi_keras_serving")


def measure(temporary: Path) -> list[Ratio]:
    """One ratio for a docTR model, and one for each of a few models of other people."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    model = temporary / "crnn_vgg16_bn"
    command = [sys.executable, "-m", "sigfix", "repair", "--preset", model.name]
    _run([*command, "--weights", "random", "-o", str(model), "-q"], environment)
    models = [model, *(CORPUS / name for name in CORPUS_MODELS if (CORPUS / name).is_dir())]
    return [_compare(path, environment) for path in models]


def _compare(path: Path, environment: dict[str, str]) -> Ratio:
    tool = Path(sys.executable).with_name("saved_model_cli")
    ours, theirs = in_turns(
        lambda: _run([sys.executable, "-m", "sigfix", "inspect", str(path)], environment),
        lambda: _run([str(tool), "show", "--all", "--dir", str(path)], environment),
        ROUNDS,
    )
    return Ratio(f"sigfix inspect {path.name}", "saved_model_cli show --all", ours, theirs, AIM)


def _run(command: Sequence[str], environment: dict[str, str]) -> list[float]:
    start = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    elapsed = time.perf_counter() - start
    if done.returncode not in (0, 1):  # 1: inspect found something
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr}")
    return [elapsed]
