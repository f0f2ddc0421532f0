"""Coverage-guided fuzzing of reading and diagnosis: python -m tests.fuzzing.guided [OPTION...]

The options are libFuzzer's, such as -max_total_time=60. Needs atheris (pip install atheris).
Inputs that crash are written as crash-* to the current directory.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["sigfix"]):
    from tests.fuzzing.mutations import seeds
    from tests.fuzzing.worker import TARGETS, place, read_one

NAMES = ("saved_model.pb", "saved_model.pbtxt", "variables.index", "model.onnx", "model.json")
FOLDER = Path(tempfile.mkdtemp(prefix="sigfix-fuzz-"))


def test_one_input(data: bytes) -> None:
    """The first byte chooses the kind of file, the rest are its contents."""
    if data:
        path = place(FOLDER, NAMES[data[0] % len(NAMES)], data[1:])
        read_one(path, TARGETS[len(data) % len(TARGETS)])


def main() -> None:
    corpus = FOLDER / "corpus"
    corpus.mkdir()
    healthy = next(data for name, data in seeds() if name == "saved_model.pb")
    place(FOLDER, "variables.index", b"")
    (FOLDER / "with_variables" / "saved_model.pb").write_bytes(healthy)
    for number, (name, data) in enumerate(seeds()):
        if name in NAMES:
            (corpus / str(number)).write_bytes(bytes([NAMES.index(name)]) + data)
    atheris.Setup([*sys.argv, str(corpus)], test_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
