"""docTR models in a form worth exporting: the same numbers from fewer operators.

Decoders that feed what they read back into themselves run whole in docTR for every character, and
MASTER stops early in a way that a trace cannot keep. Here they are one pass a character, with keys
and values of earlier characters kept, nothing computed twice, and no control flow.
"""

from __future__ import annotations

import copy
from typing import Any

from sigfix.importing.exportable.master import GreedyMaster
from sigfix.importing.exportable.parseq import GreedyParseq
from sigfix.importing.exportable.pooling import with_even_pools
from sigfix.importing.exportable.sar import GreedySar


def as_exported(module: Any) -> Any:
    """The form in which a docTR model is exported: the module itself, or one that equals it.

    FAST gets its branches merged, in a copy.
    """
    from doctr.models import MASTER, SAR
    from doctr.models.detection.fast.pytorch import FAST, reparameterize
    from doctr.models.recognition.parseq.pytorch import PARSeq

    if isinstance(module, FAST):
        return reparameterize(copy.deepcopy(module))
    for kind, exported in ((MASTER, GreedyMaster), (PARSeq, GreedyParseq), (SAR, GreedySar)):
        if isinstance(module, kind):
            return exported(module).eval()
    return with_even_pools(module)
