"""Packages that register operators, or types of arguments, which TensorFlow does not have."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TypeVar

from sigfix.describing.optimizers import plain_optimizers


@dataclass(frozen=True)
class Library:
    """A package: what it is imported as and installed as, and how names of its operators begin.

    Names of types, too, by which it registers them.
    """

    module: str
    package: str
    beginnings: tuple[str, ...]


LIBRARIES = (
    Library("tensorflow_decision_forests", "tensorflow-decision-forests", ("SimpleML",)),
    Library(
        "tensorflow_text", "tensorflow-text",
        (
            "TFText>", "CaseFoldUTF8", "ConstrainedSequence", "FastBert", "FastWordpiece",
            "MaxSpanningTree", "NormalizeUTF8", "NormalizeUTF8WithOffsetsMap", "PhraseTokenize",
            "RegexSplitWithOffsets", "RougeL", "SentenceFragments", "Sentencepiece",
            "SplitMergeFromLogits", "SplitMergeTokenize", "UnicodeScriptTokenize",
            "WhitespaceTokenize", "WordpieceTokenize",
        ),
    ),
    Library(
        "tensorflow_probability", "tensorflow-probability", ("tfp.", "tensorflow_probability.")
    ),
    Library("tensorflow_addons", "tensorflow-addons", ("Addons>",)),
    Library("tensorflow_io", "tensorflow-io", ("IO>",)),
    Library("struct2tensor", "struct2tensor", ("Struct2tensor", "DecodeProtoSparse")),
)  # fmt: skip

_UNREGISTERED = re.compile(
    r"(?:Op type not registered|No TypeSpec has been registered with name) '([^']+)'"
    r"|The type '([^']+)' has not been registered"
)
_Loaded = TypeVar("_Loaded")


def library_of(operator: str) -> Library | None:
    """The package that registers an operator, or a type that loaders ask for; None for others."""
    return next((item for item in LIBRARIES if operator.startswith(item.beginnings)), None)


def with_libraries(load: Callable[[], _Loaded]) -> _Loaded:
    """What `load` returns; the packages whose operators or types it misses are imported.

    Optimizers are `plain_optimizers`.
    Raises what `load` raises where a package is not installed, or does not help.
    """
    tried: set[str] = set()
    while True:
        try:
            with plain_optimizers():
                return load()
        except Exception as error:  # TensorFlow raises a different kind for every fault
            library = _wanted(str(error))
            if library is None or library.module in tried or find_spec(library.module) is None:
                raise
            tried.add(library.module)
            # The greeting of TF-DF fails where standard output is captured and IPython absent.
            os.environ.setdefault("TFDF_DISABLE_WELCOME_MESSAGE", "1")
            import_module(library.module)


def how_to_load(message: str) -> str:
    """What helps against a loader's message about what nobody registered, else ''."""
    library = _wanted(message)
    if library is None:
        return ""
    return f"pip install {library.package}, which it is of; sigfix imports it by itself"


def _wanted(message: str) -> Library | None:
    found = _UNREGISTERED.search(message)
    return library_of(found[1] or found[2]) if found else None
