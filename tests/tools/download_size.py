"""How much an installation downloads, by what the registry says of its files; nothing is fetched.

    python -m tests.tools.download_size tfjs,doctr,verify     # what `make demo` installs
    python -m tests.tools.download_size all,dev,exporters

Needs uv, which resolves as the Makefile's install does and writes sizes down. It counts the file
that this Python on this platform takes of each package.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tomllib
from packaging.tags import Tag, sys_tags
from packaging.utils import parse_wheel_filename

ROOT = Path(__file__).parents[2]


def locked(extras: Iterable[str], uv: str = "uv") -> dict[str, Any]:
    """What uv would install for these extras of sigfix, as a pylock.toml."""
    wanted = [word for extra in extras for word in ("--extra", extra)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pylock.toml"
        subprocess.run(
            [uv, "pip", "compile", "pyproject.toml", *wanted, "-c", "constraints.txt", "--quiet",
             "--python", sys.executable, "--format", "pylock.toml", "-o", file],
            cwd=ROOT, check=True,
        )  # fmt: skip
        return tomllib.loads(file.read_text("utf-8"))


def sizes(lock: Mapping[str, Any], tags: Iterable[Tag]) -> dict[str, int]:
    """Package -> the bytes of its file for the first of `tags`, else of its sources."""
    ranks = {tag: rank for rank, tag in enumerate(tags)}
    found = {}
    for package in lock["packages"]:
        fitting = []
        for wheel in package.get("wheels", ()):
            own = parse_wheel_filename(_name(wheel))[3]
            rank = min((ranks[tag] for tag in own if tag in ranks), default=None)
            if rank is not None:
                fitting.append((rank, int(wheel["size"])))
        source = package.get("sdist")
        if fitting:
            found[package["name"]] = min(fitting)[1]
        elif source is not None:
            found[package["name"]] = int(source["size"])
        else:
            raise SystemExit(f"{package['name']} has no file for this Python on this platform")
    return found


def _name(wheel: Mapping[str, Any]) -> str:
    name: str = wheel.get("name") or re.split(r"[/\\]", wheel["url"])[-1].split("#")[0]
    return name


if __name__ == "__main__":
    every = sizes(locked(sys.argv[1].split(","), *sys.argv[2:3]), list(sys_tags()))
    for name, size in sorted(every.items(), key=lambda item: -item[1])[:12]:
        print(f"{size / 1e6:9,.1f} MB  {name}")
    cuda = sum(size for name, size in every.items() if name.startswith(("nvidia-", "triton")))
    print(f"{sum(every.values()) / 1e9:9.2f} GB  {len(every)} packages")
    print(f"{cuda / 1e9:9.2f} GB  of them CUDA libraries and triton")
