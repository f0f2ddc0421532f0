"""Reads damaged models until told to stop: python -m tests.fuzzing.worker SEED COUNT FOLDER.

Ends with an exit code other than 0 and the offending file in FOLDER where anything but a report or
an expected error comes of it, where one input takes more than five seconds, or where a file is
opened for writing. Prints the number of inputs, of reports, and the peak memory in MiB.
"""

from __future__ import annotations

import random
import signal
import sys
from pathlib import Path
from typing import Any

from sigfix.errors import SigfixError
from sigfix.pipeline.inspect import inspect
from sigfix.rendering.inspection_json import render_json
from sigfix.rendering.inspection_text import render_text
from sigfix.rendering.style import Style
from tests.fuzzing.mutations import mutated, seeds
from tests.memory import peak_memory

SECONDS = 5
TARGETS = ("tfjs-wasm", "tflite", "serving")
"""Targets, taken in turn."""


class Watch:
    """Forbids opening files for writing while a model is read."""

    def __init__(self) -> None:
        self.active = False
        sys.addaudithook(self.hook)

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.active:
            return
        if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
            raise AssertionError(f"opened for writing: {arguments[0]}")
        if event in ("os.mkdir", "os.rename", "os.remove", "subprocess.Popen", "socket.connect"):
            raise AssertionError(f"{event}: {arguments}")


def expire(*_: object) -> None:
    raise TimeoutError(f"more than {SECONDS} seconds")


def read_one(path: Path, target: str) -> bool:
    """Inspect and render a path; whether there was a report."""
    try:
        report = inspect(path, target=target)
    except SigfixError as error:
        assert error.message
        return False
    render_text(report, Style(80), everything=True)
    render_json([report])
    return True


def place(folder: Path, name: str, data: bytes) -> Path:
    """Write an input where its name belongs, and return the path to inspect."""
    if name == "variables.index":
        target = folder / "with_variables"
        (target / "variables").mkdir(parents=True, exist_ok=True)
        (target / "variables" / name).write_bytes(data)
        return target
    if name.startswith("saved_model."):
        target = folder / name.replace(".", "_")
        target.mkdir(exist_ok=True)
        (target / name).write_bytes(data)
        return target
    (folder / name).write_bytes(data)
    return folder / name


def main() -> None:
    seed, count, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    generator = random.Random(seed)
    files = seeds()
    healthy = next(data for name, data in files if name == "saved_model.pb")
    place(folder, "variables.index", b"")
    (folder / "with_variables" / "saved_model.pb").write_bytes(healthy)
    watch = Watch()
    signal.signal(signal.SIGALRM, expire)
    reports = 0
    for number in range(count):
        name, data = generator.choice(files)
        _, other = generator.choice(files)
        path = place(folder, name, mutated(data, other, generator))
        signal.alarm(SECONDS)
        watch.active = True
        try:
            reports += read_one(path, TARGETS[number % len(TARGETS)])
        except BaseException as error:
            watch.active = False
            print(f"input {number} of seed {seed}, {path}: {error!r}", file=sys.stderr)
            raise
        finally:
            watch.active = False
            signal.alarm(0)
    print(count, reports, peak_memory())


if __name__ == "__main__":
    main()
