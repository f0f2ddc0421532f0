"""Compile sigfix/web/kernels/assembly -> sigfix/web/kernels/module.mjs.

    python -m tests.tools.web_kernels

AssemblyScript is pinned, so the same source gives the same bytes; tests/web_kernels compares them.
The source is compiled twice: with relaxed SIMD, and for what has plain SIMD only.
"""

from __future__ import annotations

import base64
import subprocess
import tempfile
from pathlib import Path

from sigfix.verifying.runners.node import WEB, find_node
from tests.npm_packages import installed

KERNELS = WEB / "kernels"
MODULE = KERNELS / "module.mjs"
SOURCE = KERNELS / "assembly" / "index.ts"
BUILDS: dict[str, tuple[str, ...]] = {"RELAXED": ("--enable", "relaxed-simd"), "WASM": ()}
"""Each constant of module.mjs, and what the compiler is told besides; the best one first."""
OPTIONS = (
    "-O3", "--noAssert", "--runtime", "stub", "--enable", "simd", "--use", "abort=",
    "--importMemory", "--initialMemory", "0", "--maximumMemory", "65536",
)  # fmt: skip
"""The memory is TensorFlow.js's, so the module has no data and no allocator of its own."""
HEAD = """\
// WebAssembly, made from assembly/ by python -m tests.tools.web_kernels.

"""


def compiled(*options: str) -> bytes:
    """A WebAssembly module; raises `CalledProcessError` where the source does not compile."""
    compiler = installed(Path(__file__).parent / "assemblyscript") / "assemblyscript" / "bin"
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "module.wasm"
        command = [find_node().program, compiler / "asc.js", SOURCE, *OPTIONS, *options]
        command += ["-o", output]
        subprocess.run(command, check=True, timeout=300, capture_output=True)
        return output.read_bytes()


def module_text() -> str:
    """The whole of module.mjs."""
    lines = (
        f"export const {name} = '{base64.b64encode(compiled(*options)).decode()}';\n"
        for name, options in BUILDS.items()
    )
    return HEAD + "\n".join(lines)


if __name__ == "__main__":
    MODULE.write_text(module_text(), "utf-8")
    print(f"{MODULE}: {MODULE.stat().st_size:,} bytes")
