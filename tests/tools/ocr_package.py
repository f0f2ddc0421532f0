"""The npm package sigfix-ocr: sigfix/web/ocr with the kernels that it imports, as a folder to pack.

python -m tests.tools.ocr_package FOLDER
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tests.environments import ROOT

WEB = ROOT / "sigfix" / "web"
TOP = ("package.json", "README.md")


def stage(folder: Path) -> None:
    """Write the package's files into a new folder; `npm pack` there makes the package."""
    shutil.copytree(WEB / "ocr", folder / "ocr", ignore=shutil.ignore_patterns(*TOP))
    kernels = shutil.ignore_patterns("assembly")
    shutil.copytree(WEB / "kernels", folder / "kernels", ignore=kernels)
    for name in TOP:
        shutil.copy(WEB / "ocr" / name, folder)
    for name in ("LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, folder)


if __name__ == "__main__":
    stage(Path(sys.argv[1]))
