"""Messages that do not say what is wrong: the lines around them do."""

from __future__ import annotations

from sigfix.diagnosis.messages.row import KnownMessage
from sigfix.diagnosis.messages.serving import SERVING

ROWS = (
    KnownMessage(
        "Triton",
        r"failed to load TF SavedModel",
        (),
        "The message does not say why; the lines above it in the server's log do: explain those.",
        SERVING,
    ),
    KnownMessage(
        "TensorFlow Serving",
        r"servable\(s\) did not become available|Loading servable: \{.*\} failed",
        (),
        "The message does not say why; the lines above it in the server's log do: explain those.",
        SERVING,
    ),
)
