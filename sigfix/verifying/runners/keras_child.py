"""Run a Keras file in this process, which was started for nothing else.

`model` is `{"keras2", "trust"}`. Outputs are named by `importing.keras_reference`, which shares
nothing with what exports the model.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from sigfix.importing.keras_loading import load_confined
from sigfix.importing.keras_reference import predict
from sigfix.verifying.runners.answering import Function, work


def load(job: dict[str, Any]) -> list[Function]:
    """The one callable: the model at inference."""
    folders = (Path(sys.argv[1]).parent,)
    how = job["model"]
    model = load_confined(Path(job["path"]), how["keras2"], how["trust"], folders)
    return [lambda fed: predict(model, fed)]


if __name__ == "__main__":
    work(load)
