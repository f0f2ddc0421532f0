"""docTR's decoders that feed what they read back into themselves, in a form worth exporting.

docTR runs the whole decoder again for every character, and MASTER stops early in a way that a
trace cannot keep. The modules here give the same logits from one pass a character, with keys and
values of earlier characters kept, nothing computed twice, and no control flow.
"""

from __future__ import annotations

import copy
from typing import Any

from sigfix.importing.decoders import master, parseq, sar


def as_exported(module: Any) -> Any:
    """The form in which a docTR model is exported: the module itself, or one that equals it.

    FAST gets its branches merged, in a copy.
    """
    from doctr.models import MASTER, SAR
    from doctr.models.detection.fast.pytorch import FAST, reparameterize
    from doctr.models.recognition.parseq.pytorch import PARSeq

    if isinstance(module, FAST):
        return reparameterize(copy.deepcopy(module))
    for kind, exported in (
        (MASTER, master.GreedyMaster),
        (PARSeq, parseq.GreedyParseq),
        (SAR, sar.GreedySar),
    ):
        if isinstance(module, kind):
            return exported(module).eval()
    return module
