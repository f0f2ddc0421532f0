"""Write sigfix/describing/tables/tfjs_operators.txt: what TF.js and its backends can run.

    python -m tests.tools.tfjs_operators [OUTPUT]

The npm packages are those of tests/tools/npm, installed once into sigfix's cache. The operators
come from the op_list of the installed tensorflowjs package; the kernels that each one needs from
the converter's executors and the ops of tfjs-core, read as text; the kernels that a backend has
from its registrations, by running them in Node (tfjs-node, whose registrations need a native
library, is read as text).
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

from sigfix.verifying.runners.node import find_node
from tests.npm_packages import installed

TABLE = Path(__file__).parents[2] / "sigfix" / "describing" / "tables" / "tfjs_operators.txt"
PACKAGES = Path(__file__).with_name("npm")
_SCRIPT = Path(__file__).with_name("tfjs_kernels.js")
_CASE = re.compile(r"case '([^']+)'\s*:")
_COMPLEX = frozenset({"Complex", "ComplexAbs"})
"""Kernels that most ops run for complex tensors only, which no image or text model has."""
_CALL = re.compile(r"\bops\.(\w+(?:\.\w+)?)\(")


def op_list() -> dict[str, str]:
    """Operator -> category, from the tensorflowjs package (which is not imported)."""
    spec = importlib.util.find_spec("tensorflowjs")
    if spec is None or spec.origin is None:
        raise SystemExit("pip install tensorflowjs first")
    found = {}
    for path in sorted((Path(spec.origin).parent / "op_list").glob("*.json")):
        for entry in json.loads(path.read_text()):
            found[entry["tfOpName"]] = entry.get("category", path.stem)
    return found


class Packages:
    """The JavaScript sources below a node_modules folder."""

    def __init__(self, root: Path) -> None:
        self.root = root / "@tensorflow"
        self.ops = self.root / "tfjs-core" / "dist" / "ops"

    def version(self) -> str:
        """The version of tfjs-core."""
        return str(json.loads((self.root / "tfjs-core" / "package.json").read_text())["version"])

    @cache  # noqa: B019  (the object lives as long as the program)
    def kernel_names(self) -> dict[str, str]:
        """Constant of kernel_names.js -> the kernel's name."""
        text = (self.root / "tfjs-core" / "dist" / "kernel_names.js").read_text()
        return dict(re.findall(r"export const (\w+) = '([^']+)'", text))

    @cache  # noqa: B019  (the object lives as long as the program)
    def kernels_of(self, path: Path) -> frozenset[str]:
        """The kernels that an op's file runs itself, or through the ops that it imports."""
        if not path.is_file() or path.stem.endswith(("_util", "_utils")):
            return frozenset()
        text = path.read_text()
        names = re.findall(r"runKernel\('?(\w+)", text)
        if names:
            return frozenset(self.kernel_names().get(name, name) for name in names)
        found: set[str] = set()
        for imported in re.findall(r"import \{[^}]*\} from '(\.[^']+)'", text):
            target = (path.parent / f"{imported}.js").resolve()
            if target.is_relative_to(self.ops) and target.stem not in ("operation", "ops"):
                found |= self.kernels_of(target)
        return frozenset(found)

    @cache  # noqa: B019  (the object lives as long as the program)
    def op_files(self) -> dict[str, Path]:
        """`matMul`, `fused.conv2d`, `image.resizeBilinear` -> the file that defines it."""
        text = (self.ops / "ops.js").read_text()
        files = {}
        for names, target in re.findall(r"export \{([^}]*)\} from '(\.[^']+)'", text):
            for name in names.split(","):
                files[name.split(" as ")[-1].strip()] = self.ops / f"{target}.js"
        for target in re.findall(r"export \* from '(\.[^']+)'", text):
            path = self.ops / f"{target}.js"
            for name in re.findall(r"export const (\w+) =", path.read_text()):
                files[name] = path
        imported = {}
        for names, target in re.findall(r"import \{([^}]*)\} from '(\.[^']+)'", text):
            for name in names.split(","):
                imported[name.split(" as ")[-1].strip()] = self.ops / f"{target}.js"
        for namespace, body in re.findall(r"const (\w+) = \{([^}]*)\}", text):
            for entry in body.split(","):
                key, _, value = entry.partition(":")
                name = (value or key).strip()
                if name in imported:
                    files[f"{namespace}.{key.strip()}"] = imported[name]
        for name, stem in (
            ("conv2d", "conv2d"), ("depthwiseConv2d", "depthwise_conv2d"), ("matMul", "mat_mul")
        ):  # fmt: skip
            files[f"fused.{name}"] = self.ops / "fused" / f"{stem}.js"
        return {name: path.resolve() for name, path in files.items()}

    def executors(self) -> dict[str, frozenset[str]]:
        """Operator -> kernels; operators that the executor does in JavaScript have none."""
        folder = self.root / "tfjs-converter" / "dist" / "operations" / "executors"
        found: dict[str, frozenset[str]] = {}
        for path in sorted(folder.glob("*_executor.js")):
            parts = _CASE.split(path.read_text())
            waiting: list[str] = []
            for name, body in zip(parts[1::2], parts[2::2], strict=True):
                waiting.append(name)
                if not body.strip():
                    continue
                calls = [call for call in _CALL.findall(body) if call in self.op_files()]
                kernels = frozenset().union(
                    *(self.kernels_of(self.op_files()[call]) for call in calls)
                )
                for operator in waiting:
                    own = frozenset({operator})
                    found.setdefault(operator, kernels - (_COMPLEX - own))
                waiting = []
        return found

    def backends(self) -> dict[str, list[str]]:
        """Backend -> its kernels."""
        done = subprocess.run(
            [str(find_node().program), str(_SCRIPT), str(self.root.parent)],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        found: dict[str, list[str]] = json.loads(done.stdout[done.stdout.index("{") :])
        folder = self.root / "tfjs-node" / "dist" / "kernels"
        if folder.is_dir():
            names: set[str] = set()
            for path in folder.glob("*.js"):
                names.update(re.findall(r"kernelName: '?(?:\w+\.)?(\w+)", path.read_text()))
            found["node"] = sorted(self.kernel_names().get(name, name) for name in names)
        return found


def table(node_modules: Path) -> str:
    """The table's text."""
    packages = Packages(node_modules)
    executors = packages.executors()
    lines = [
        f"# What TensorFlow.js {packages.version()} runs. "
        "Generated by tests/tools/tfjs_operators.py.",
        "# op NAME CATEGORY KERNEL...: an operator and the kernels it needs (none: JavaScript)",
        "# backend NAME KERNEL...: the kernels that a backend has",
    ]
    for name, category in sorted(op_list().items()):
        lines.append(" ".join(["op", name, category, *sorted(executors.get(name, ()))]))
    for backend, kernels in sorted(packages.backends().items()):
        lines.append(" ".join(["backend", backend, *kernels]))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else TABLE
    output.write_text(table(installed(PACKAGES)), encoding="ascii")
