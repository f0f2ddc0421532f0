"""npm packages that only tests and tools need, installed once into sigfix's cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from sigfix.verifying.runners.node import NPM_CI, cache_directory, find_node


def installed(folder: Path) -> Path:
    """The node_modules of the package.json and package-lock.json in `folder`.

    Raises `NotVerifiedError` without Node.js, `CalledProcessError` where npm fails (no network).
    """
    lock = (folder / "package-lock.json").read_bytes()
    target = cache_directory() / f"{folder.name}-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not target.is_dir():
        node = find_node()
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            dir=target.parent, ignore_cleanup_errors=True
        ) as unfinished:
            new = Path(unfinished) / "new"
            new.mkdir()
            for name in ("package.json", "package-lock.json"):
                shutil.copy(folder / name, new)
            path = os.pathsep.join([str(node.program.parent), os.environ.get("PATH", "")])
            subprocess.run(
                [*node.npm, *NPM_CI],
                cwd=new,
                env={**os.environ, "PATH": path},
                check=True,
                capture_output=True,
                timeout=600,
            )
            new.rename(target)
    return target / "node_modules"
