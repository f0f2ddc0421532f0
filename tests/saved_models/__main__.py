"""Save every model below the directory that is named."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.saved_models import SAVERS

Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
for name, saver in SAVERS.items():
    saver(Path(sys.argv[1]) / name)
