"""`python -m tests.bench.loops`: loops written out against loops as they were, in TensorFlow.js.

Both are made of one Keras 3 LSTM and run in one process, in turns, in the wasm backend.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from sigfix.pipeline.convert import ConvertOptions, convert
from sigfix.verifying.runners import node as nodejs

SIZES = ((16, 16, 16), (32, 64, 64), (64, 128, 256), (256, 32, 32), (1000, 8, 8))
"""Steps, numbers a step, units."""
ROUNDS = 20
PROGRAM = Path(__file__).parent / "web" / "two_models.mjs"
HEAD = (
    "| steps x inputs x units | operators, loop and written out | milliseconds "
    "| of the loop's time | kB | loading, ms | converting, s |\n|---|---|---|---|---|---|---|"
)


def main() -> None:
    print(HEAD)
    for size in SIZES:
        with tempfile.TemporaryDirectory(prefix="sigfix-loops-") as folder:
            print(_row(Path(folder), *size), flush=True)


def _row(folder: Path, steps: int, inputs: int, units: int) -> str:
    import keras

    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((steps, inputs), name="x"), keras.layers.LSTM(units), keras.layers.Dense(2)]
    )
    model.export(str(folder / "model"), verbose=False)
    operators, seconds = [], []
    for name, without in (("loop", ("loops",)), ("written_out", ())):
        start = time.perf_counter()
        options = ConvertOptions(without=without, verify=False)
        result = convert(folder / "model", folder / name, options)
        seconds.append(time.perf_counter() - start)
        kinds = result.operators.items()
        operators.append(sum(n for kind, n in kinds if kind not in ("Const", "Placeholder")))
    packages = nodejs.packages_directory(nodejs.find_node())
    arguments = [packages, folder / "loop", folder / "written_out", f"1,{steps},{inputs}", ROUNDS]
    command = [nodejs.find_node().program, PROGRAM, *arguments]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    loop, written_out = found["sides"]
    assert loop["asynchronous"] and not written_out["asynchronous"]
    assert found["difference"] < 1e-5, found["difference"]
    times = [statistics.median(side["times_ms"]) for side in (loop, written_out)]

    def both(values: list[float], form: str) -> str:
        return " and ".join(format(value, form) for value in values)

    return (
        f"| {steps} x {inputs} x {units} | {both(operators, 'd')} | {both(times, '.1f')} "
        f"| {times[1] / times[0]:.2f} | {both([s['bytes'] / 1e3 for s in found['sides']], '.0f')} "
        f"| {both([s['load_ms'] for s in found['sides']], '.0f')} | {both(seconds, '.1f')} |"
    )


if __name__ == "__main__":
    main()
