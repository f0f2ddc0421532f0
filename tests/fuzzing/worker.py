"""Try hostile models until told to stop: python -m tests.fuzzing.worker SEED COUNT FOLDER.

Prints what was tried as JSON, faults included, and ends with 1 where there were any; their inputs
are kept in FOLDER/faults. `--only NUMBER` tries one input of the seed again, with its traceback.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sigfix.errors import ProcessError
from sigfix.reading import hdf5, hdf5_child
from tests.fuzzing.cases import Sandbox, make
from tests.fuzzing.forks import Lost, in_fork
from tests.fuzzing.steps import Fault, run_all
from tests.fuzzing.watching import Expired, Forbidden, Watch
from tests.memory import peak_memory

LONGEST = hdf5.CPU_SECONDS + 6
"""Seconds of work of the process that reads HDF5; its own limit ends it before."""
MEMORY = 1 << 30
"""Bytes that a worker may take beyond what it has when it starts."""
PROCESSES = 200
"""One HDF5 file in so many is read in a whole process of its own, the others in a fork."""


def forked(module: str, job: dict[str, Any], seconds: float) -> dict[str, Any]:
    """What `run_process` does for HDF5, in a fork of this process, which has h5py already."""
    try:
        answer: dict[str, Any] = in_fork(lambda: hdf5_child.read(job), LONGEST)
    except Lost as lost:
        if lost.seconds > LONGEST - 1:
            raise Expired(f"more than {LONGEST} s of work in a process") from lost
        raise ProcessError(str(lost)) from lost
    return answer


class Worker:
    """The sandbox, the watch and the counts of one run."""

    def __init__(
        self, seed: int, folder: Path, kind: str | None = None, imports: bool = False
    ) -> None:
        self.seed = seed
        self.kind = kind
        self.imports = imports
        self.folder = folder
        self.sandbox = Sandbox(folder / "sandbox")
        os.environ["TMPDIR"] = tempfile.tempdir = str(self.sandbox.temporary)
        self.watch = Watch(self.sandbox.inside, (self.sandbox.out, self.sandbox.temporary))
        self.counts: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.faults: list[dict[str, Any]] = []
        self._whole = hdf5.run_process

    def try_one(self, number: int) -> None:
        """Make input `number` of the seed and run everything on it. Raises what goes wrong."""
        generator = random.Random(f"{self.seed}:{number}")
        made = make(generator, self.kind)
        path = self.sandbox.place(made, generator)
        before = self.sandbox.contents()
        whole = made.kind == "h5" and generator.randrange(PROCESSES) == 0
        hdf5.run_process = self._whole if whole else forked  # type: ignore[assignment]
        self.watch.may_start, self.watch.active = whole, True
        try:
            outcome = run_all(
                path, self.sandbox.out, self.sandbox.temporary, generator, self.imports
            )
        finally:
            self.watch.active = False
        after = self.sandbox.contents()
        if after != before:
            raise Fault(f"files came or went: {sorted(before ^ after)[:3]}")
        left = [  # TensorFlow removes its own when the process ends, and a fork has no such end
            path
            for path in self.sandbox.temporary.iterdir()
            if not path.name.startswith("__autograph_generated_file")
        ]
        if left:
            raise Fault(f"left in the temporary folder: {left[:3]}")
        self.kinds[made.kind] += 1
        self.counts.update(outcome.done or ("refused",))

    def run(self, count: int, until_fault: bool = False) -> None:
        """Try `count` inputs, or as many as it takes to a fault, and keep each that shows one."""
        for number in range(count):
            if until_fault and self.faults:
                break
            try:
                self.try_one(number)
            except (Exception, Expired, Forbidden) as error:
                self._keep(number, error)
            self.sandbox.clear()

    def _keep(self, number: int, error: BaseException) -> None:
        frames = [
            frame
            for frame in traceback.extract_tb((error.__cause__ or error).__traceback__)
            if "/sigfix/" in frame.filename
        ]
        place = (
            f"{frames[-1].filename.rpartition('/sigfix/')[2]}:{frames[-1].lineno}" if frames else ""
        )
        said = f"{type(error).__name__}: {error}"[:300]
        self.faults.append({"number": number, "place": place, "error": said})
        kept = self.folder / "faults" / f"{self.seed}-{number}"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.sandbox.inside, kept, symlinks=True, ignore=_pipes)

    def report(self, count: int) -> dict[str, Any]:
        """What was tried and what came of it."""
        return {
            "seed": self.seed,
            "inputs": count,
            "kinds": dict(sorted(self.kinds.items())),
            "steps": dict(sorted(self.counts.items())),
            "peak_mib": peak_memory(),
            "faults": self.faults,
        }


def limit_memory() -> None:
    """Let this process take `MEMORY` more than it has with the seeds, and what forks import."""
    make(random.Random(0))
    if find_spec("onnxslim") is not None:
        import sigfix.importing.onnx_child  # noqa: F401
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))  # forks have their own


def _pipes(folder: str, names: list[str]) -> set[str]:
    places = {name: Path(folder) / name for name in names}
    return {name for name, path in places.items() if path.is_fifo()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", type=int)
    parser.add_argument("--kind", help="files of one kind alone")
    parser.add_argument("--imports", action="store_true", help="import ONNX files into TensorFlow")
    options = parser.parse_args()
    worker = Worker(options.seed, options.folder.absolute(), options.kind, options.imports)
    if options.imports:
        import sigfix.exporting.tfjs_model
        import sigfix.importing.onnx_child
        import sigfix.importing.onnx_to_saved_model
        import sigfix.optimising.passes  # noqa: F401
    if options.only is not None:
        worker.try_one(options.only)
        return
    if not options.imports:  # those have a limit for each input
        limit_memory()
    worker.run(options.count)
    print(json.dumps(worker.report(options.count)))
    sys.exit(1 if worker.faults else 0)


if __name__ == "__main__":
    main()
