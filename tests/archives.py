"""Models in archives."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path


def packed(model: Path, archive: Path) -> Path:
    """An archive of a model's folder, by the suffix of its name."""
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
            for file in sorted(model.rglob("*")):
                zipped.write(file, Path(model.name) / file.relative_to(model))
    else:
        with tarfile.open(archive, f"w:{archive.suffix[1:]}") as tar:
            tar.add(model, model.name)
    return archive
