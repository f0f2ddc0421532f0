"""The WebAssembly that ships is what its source compiles to, and is small."""

from __future__ import annotations

import base64
import gzip
import re
import subprocess

import pytest

from sigfix.errors import NotVerifiedError
from tests.tools.web_kernels import BUILDS, KERNELS, MODULE, module_text

BUDGET = 40 * 1024
MAGIC = b"\0asm"
DATA, DATA_COUNT = 11, 12


def sections(module: bytes) -> list[int]:
    """The numbers of a WebAssembly module's sections."""
    found, at = [], 8
    while at < len(module):
        found.append(module[at])
        size, shift, at = 0, 0, at + 1
        while True:
            byte = module[at]
            size, shift, at = size | (byte & 0x7F) << shift, shift + 7, at + 1
            if byte < 0x80:
                break
        at += size
    return found


def test_the_module_is_what_its_source_compiles_to() -> None:
    try:
        built = module_text()
    except (NotVerifiedError, subprocess.CalledProcessError) as error:
        pytest.skip(f"needs Node.js 20 and the compiler: {error}")
    assert built == MODULE.read_text("utf-8"), "run python -m tests.tools.web_kernels"


def test_it_writes_nothing_into_tensorflows_memory_when_it_starts() -> None:
    modules = re.findall(r"= '([A-Za-z0-9+/=]+)';", MODULE.read_text("utf-8"))
    assert len(modules) == len(BUILDS)
    for module in map(base64.b64decode, modules):
        assert module.startswith(MAGIC)
        assert not {DATA, DATA_COUNT} & set(sections(module))


def test_everything_that_a_page_loads_fits_the_budget() -> None:
    total = sum(len(gzip.compress(path.read_bytes(), 9)) for path in KERNELS.glob("*.mjs"))
    assert total <= BUDGET
