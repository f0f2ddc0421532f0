"""Which networks convert, as `docs/onnx-models.md`.

`python -m tests.onnx_models [NAME ...]` takes half a minute for each network; what was measured is
kept in .matrix/onnx/, and the page is made of all that is there. `--exporter` measures one of the
two, `--missing` what is not there yet.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.environments import ROOT
from tests.onnx_models.architectures import NETWORKS, TRANSFORMERS, VISION
from tests.onnx_models.exporting import EXPORTERS, Network
from tests.onnx_models.measuring import Result, measure

PAGE = ROOT / "docs" / "onnx-models.md"
CACHE = ROOT / ".matrix" / "onnx"
HEAD = """# Networks in ONNX

Made by `python -m tests.onnx_models`: networks of torchvision, and small ones as timm and
transformers have them, with drawn weights. Each is exported by both of PyTorch's exporters, with an
open batch and, for texts, an open number of tokens, and converted by `sigfix convert MODEL.onnx`,
which compares TensorFlow.js's WebAssembly backend with ONNX Runtime. Right means that, besides,
TensorFlow.js's cpu and wasm backends compute what PyTorch itself does, on inputs of other sizes
than the export has seen, to 1e-4 of an output's range. A cell has the opset of the file (the dynamo
exporter writes none below 18 by itself), and the larger difference of the two backends. Where it
says so, the file itself has the sizes of its export inside, and is compared with those. An empty
cell was not measured.

"""


def main() -> int:
    """Measure, write the page; 1 where a network is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.onnx_models")
    names = [network.name for network in NETWORKS]
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *names], default=[])
    parser.add_argument("--exporter", action="append", choices=EXPORTERS, help="only this one")
    parser.add_argument("--missing", action="store_true", help="only what was not measured")
    given = parser.parse_args()
    CACHE.mkdir(parents=True, exist_ok=True)
    for network in NETWORKS:
        for exporter in given.exporter or EXPORTERS:
            file = cached(network, exporter)
            if (given.names and network.name not in given.names) or (
                given.missing and file.exists()
            ):
                continue
            with tempfile.TemporaryDirectory() as made:
                result = measure(network, exporter, Path(made))
            stored = json.dumps(dataclasses.asdict(result)).replace(f"{made}/", "")
            file.write_text(stored, "utf-8")
            print(network.name, exporter, stored, flush=True)
    PAGE.write_text(page(), "utf-8")
    return int(any(found.verdict == "wrong" for _, _, found in _measured(NETWORKS)))


def cached(network: Network, exporter: str) -> Path:
    """Where a result is kept."""
    return CACHE / f"{re.sub('[^a-z0-9]+', '-', network.name.lower())}.{exporter}.json"


def _measured(networks: Sequence[Network]) -> list[tuple[str, str, Result]]:
    return [
        (network.name, exporter, Result(**json.loads(file.read_text("utf-8"))))
        for network in networks
        for exporter in EXPORTERS
        if (file := cached(network, exporter)).exists()
    ]


def page() -> str:
    """The whole document, of what is in the cache."""
    text = [HEAD]
    for title, networks in (("Pictures", VISION), ("As transformers has them", TRANSFORMERS)):
        found = _measured(networks)
        cells = {(name, exporter): _cell(result) for name, exporter, result in found}
        text.append(f"## {title}\n\n")
        for exporter in EXPORTERS:
            verdicts = [r.verdict for _, by, r in found if by == exporter]
            right, asked = verdicts.count("right"), len(verdicts)
            text.append(f"Right by {exporter}: {right} of {asked}.\n")
        text.append(f"\n| network | {' | '.join(EXPORTERS)} |\n|---|---|---|\n")
        for network in networks:
            row = [cells.get((network.name, exporter), "") for exporter in EXPORTERS]
            text.append(f"| {network.name} | {' | '.join(row)} |\n")
        others = [
            f"- {name}, {exporter}, {r.verdict}: {' '.join(r.detail.split())}"
            + (f" Way on: `{r.hint}`" if r.hint else "")
            for name, exporter, r in found
            if r.verdict in ("refused", "unexported", "unmeasurable")
        ]
        text.append("\n" + "\n".join([*others, ""]) + "\n" if others else "\n")
    return "".join(text).rstrip() + "\n"


def _cell(result: Result) -> str:
    if result.verdict in ("refused", "unexported", "unmeasurable"):
        return result.verdict
    wrong = "wrong, " if result.verdict == "wrong" else ""
    said = f", {result.detail}" if result.detail else ""
    return f"{wrong}opset {result.opset}: {max(result.cpu, result.wasm):.0e}{said}"


if __name__ == "__main__":
    sys.exit(main())
