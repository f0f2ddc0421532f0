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
    from sigfix.errors import SigfixError
    from sigfix.pipeline.inspect import inspect
    from sigfix.rendering.inspection_json import render_json
    from sigfix.rendering.inspection_text import render_text
    from sigfix.rendering.style import Style
    from tests.fuzzing.seeds import seeds

NAMES = {
    "pb": "saved_model.pb",
    "pbtxt": "saved_model.pbtxt",
    "index": "variables/variables.index",
    "onnx": "model.onnx",
    "tfjs": "model.json",
}
"""Kind of seed -> the file of it that is fuzzed, in a folder of its own."""
KINDS = sorted(NAMES)
FOLDER = Path(tempfile.mkdtemp(prefix="sigfix-fuzz-"))


def test_one_input(data: bytes) -> None:
    """The first byte chooses the kind of file, the rest are its contents."""
    if not data:
        return
    kind = KINDS[data[0] % len(KINDS)]
    path = FOLDER / kind / NAMES[kind]
    path.write_bytes(data[1:])
    try:
        report = inspect(path if kind == "onnx" else FOLDER / kind, target="tfjs-wasm")
    except SigfixError as error:
        assert error.message
        return
    render_text(report, Style(80), everything=True)
    "".join(render_json([report]))


def main() -> None:
    corpus = FOLDER / "corpus"
    corpus.mkdir()
    for number, kind in enumerate(KINDS):
        for index, seed in enumerate(seeds()[kind]):
            for name, data in seed.files.items():
                path = FOLDER / kind / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            if NAMES[kind] in seed.files:
                (corpus / f"{kind}-{index}").write_bytes(bytes([number]) + seed.files[NAMES[kind]])
    atheris.Setup([*sys.argv, str(corpus)], test_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
