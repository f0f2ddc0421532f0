"""`--vocab`: the name of one of docTR's vocabularies, a file, or the characters themselves.

Names and sizes are known without docTR, the characters of a name (but the presets' own) with it.
"""

from __future__ import annotations

import difflib
import json
import runpy
from collections import Counter
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from sigfix.errors import MissingExtraError, UsageError
from sigfix.presets import Preset
from sigfix.quoting import quote
from sigfix.wording import plural

TABLE = Path(__file__).with_name("doctr_vocabularies.txt")

LITERALLY = "chars:"
"""What follows it is an alphabet, whatever it looks like. No vocabulary is called so."""
_ALSO_LITERALLY = "characters:"
_TEXT_FILES = (".txt", ".json", ".dict", ".vocab", ".yml", ".yaml", ".csv")
_LARGEST_FILE = 1 << 20

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LATIN = "0123456789" + _LETTERS + "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_CURRENCY = "£€¥¢฿"
_ENGLISH = f"{_LATIN}°{_CURRENCY}"
PRESETS_OWN = {"french": f"{_ENGLISH}àâéèêëîïôùûüçÀÂÉÈÊËÎÏÔÙÛÜÇ"}
"""The vocabulary that docTR's recognisers have by default, as docTR 1.1.0 orders it."""

_FORMER = {"legacy_french": f"{_LATIN}°àâéèêëîïôùûçÀÂÉÈËÎÏÔÙÛÇ{_CURRENCY}"}
"""What docTR has had under names that it has no more."""
_RENAMED = {"bangla": "bengali"}
_LONGEST_NAME = 255
_SHORT = 20
"""Alphabets up to this length are written in order; what is not is a word."""


@cache
def vocabulary_sizes() -> dict[str, int]:
    """The names of docTR's vocabularies and how many characters each has."""
    lines = TABLE.read_text(encoding="ascii").splitlines()
    rows = (line.split() for line in lines if not line.startswith("#"))
    return {name: int(size) for name, size in rows}


def vocabularies_of(size: int) -> str:
    """`english, malay or zulu`: vocabularies that docTR has or had of `size` characters, or ''."""
    former = {name: len(characters) for name, characters in _FORMER.items()}
    names = [name for name, count in {**vocabulary_sizes(), **former}.items() if count == size]
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def vocabulary_hint(size: int) -> str:
    """What to try where a model has `size` characters and not those that were named."""
    named = vocabularies_of(size)
    own = f"--vocab chars:CHARACTERS, the model's own {plural(size, 'character')} in their order"
    return f"--vocab NAME, {named}; or {own}" if named else own


@cache
def installed_table() -> dict[str, str]:
    """docTR's own table; {} where docTR is not installed.

    Only the table is read: importing the package takes seconds, for it brings torch along.
    """
    package = find_spec("doctr")
    if package is None or not package.submodule_search_locations:
        return {}
    table = Path(package.submodule_search_locations[0]) / "datasets" / "vocabs.py"
    return dict(runpy.run_path(str(table))["VOCABS"])


def preset_characters(preset: Preset, vocabulary: str | None) -> str:
    """The characters that a recogniser reads; none for the others.

    `vocabulary` is a value of --vocab; without one it is the preset's own. Raises what
    `vocabulary_characters` raises.
    """
    if not preset.is_recogniser:
        return ""
    return vocabulary_characters(preset.vocabulary if vocabulary is None else vocabulary)


def vocabulary_characters(text: str) -> str:
    """The characters that `--vocab` stands for: of a name, of a file, or written out.

    Raises `UsageError` for what is neither a name of docTR's nor can be an alphabet: nothing at
    all, a character twice, a word, a file that is not there; the hint says what to type instead.
    Raises `MissingExtraError` for a name whose characters only docTR knows.
    """
    for mark in (LITERALLY, _ALSO_LITERALLY):
        if text.startswith(mark):
            return _distinct(text.removeprefix(mark), f"--vocab {mark}...")
    if text in PRESETS_OWN:
        return PRESETS_OWN[text]
    known = installed_table()
    if text in known:
        return known[text]
    if text in vocabulary_sizes():
        raise MissingExtraError(f"The vocabulary {text}", "doctr", "No module named 'doctr'")
    file = _file(text)
    if file is not None:
        return _distinct(_characters_in(file), f"--vocab {text}")
    _check_alphabet(text, list(dict.fromkeys([*vocabulary_sizes(), *known])))
    return text


def _distinct(characters: str, where: str) -> str:
    """The characters of an alphabet. Raises `UsageError` for none, and for one that is twice."""
    if not characters:
        raise UsageError(f"{where} has no characters.", "--vocab NAME, or chars:CHARACTERS")
    twice = _repeated(characters)
    if twice:
        raise UsageError(
            f"{where}: an alphabet has each character once; {twice} is there more than once.",
            "leave the second one out; a model that was trained so: convert its ONNX export "
            "without --preset",
        )
    return characters


def _repeated(characters: str) -> str:
    """`'a', 'b'`: characters that are there more than once, the first few."""
    twice = [character for character, count in Counter(characters).items() if count > 1]
    return ", ".join(map(repr, twice[:5])) + (" and more" if len(twice) > 5 else "")


def _file(text: str) -> Path | None:
    """The file that is meant: one that exists, and is called as only a file is; or None.

    Raises `UsageError` where there is none of that name, or it can be an alphabet too.
    """
    is_file = _is_path(text)
    if is_file and Path(text).expanduser().is_dir():
        raise UsageError(f"--vocab {text}: that is a folder.", "--vocab NAME or FILE")
    named_so = text.lower().endswith(_TEXT_FILES) and len(text) < _LONGEST_NAME
    if named_so and not is_file:
        raise UsageError(f"--vocab {text}: there is no such file.", "--vocab NAME or FILE")
    if is_file and not (named_so or text.startswith((".", "/", "~")) or Path(text).suffix):
        raise UsageError(
            f"--vocab {text}: there is a file of that name here.",
            f"--vocab {quote(f'./{text}')} for what is in it, --vocab {quote(LITERALLY + text)} "
            f"for the {plural(len(text), 'character')}",
        )
    return Path(text).expanduser() if is_file else None


def _characters_in(file: Path) -> str:
    """A file's characters without its line ends, or the `vocab` of a JSON file."""
    try:
        with file.open("rb") as opened:
            content = opened.read(_LARGEST_FILE + 1)
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"--vocab {file} cannot be read as text: {error}.", "save it in UTF-8"
        ) from error
    if len(content) > _LARGEST_FILE:
        raise UsageError(f"--vocab {file}: that is no alphabet, but more than a megabyte.")
    if file.suffix.lower() == ".json":
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        vocabulary = found.get("vocab") if isinstance(found, dict) else found
        if not isinstance(vocabulary, str):
            raise UsageError(
                f'--vocab {file} has no "vocab" with characters.', "--vocab NAME, or a text file"
            )
        text = vocabulary
    return "".join(character for character in text if character not in "\r\n")


def _check_alphabet(text: str, names: list[str]) -> None:
    """Raise `UsageError` unless `text` can be an alphabet that somebody wrote out."""
    if not text:
        raise UsageError(
            "--vocab is empty.", "--vocab NAME or CHARACTERS; without it the preset's own is taken"
        )
    shown = text if len(text) <= _SHORT else f"{text[:_SHORT]}..."
    literally = f"--vocab {quote(LITERALLY + text)} if it means {plural(len(text), 'character')}"
    if text in _FORMER:
        raise UsageError(
            f"--vocab {text}: docTR has it no more, but it is known which characters it had.",
            f"--vocab {quote(_FORMER[text])}",
        )
    near = _near(text, names)
    if near:
        raise UsageError(
            f"--vocab {shown}: docTR has no vocabulary of that name; the nearest is {near[0]}.",
            " or ".join(f"--vocab {name}" for name in near[:2]) + f"; {literally}",
        )
    twice = _repeated(text)
    if twice:
        raise UsageError(
            f"--vocab {shown}: docTR has no vocabulary of that name, and an alphabet has each "
            f"character once; {twice} is there more than once.",
            f"--vocab NAME, such as {_some(names)}",
        )
    if any(not character.isprintable() for character in text):
        raise UsageError(
            f"--vocab {shown!r}: there is a line break or another control character in it.",
            f"leave it out; {literally}",
        )
    if _is_word(text):
        raise UsageError(
            f"--vocab {shown}: docTR has no vocabulary of that name, and it looks like a word, not "
            "like an alphabet.",
            f"--vocab NAME, such as {_some(names)}; {literally}",
        )


def _near(text: str, names: list[str]) -> list[str]:
    """The names that `text` can be meant for: another spelling, a part of one, a slip or two."""
    plain = text.strip().casefold().replace("-", "_").replace(" ", "_")
    if plain in names:
        return [plain]
    if plain in _RENAMED:
        return [_RENAMED[plain]]
    near = difflib.get_close_matches(plain, names, n=2, cutoff=0.8)
    if near or len(plain) < 3 or not plain.replace("_", "").isalpha():
        return near
    return [name for name in names if plain in name or (len(name) > 3 and name in plain)]


def _is_path(text: str) -> bool:
    try:
        return len(text) > 1 and Path(text).expanduser().exists()
    except (OSError, ValueError, RuntimeError):
        return False


def _is_word(text: str) -> bool:
    """Whether short text has letters from a to z in no order; an alphabet's are in theirs."""
    if text.isalpha() and text.isascii() and len(text) < 3:
        return True
    if len(text) > _SHORT:
        return False
    letters = [c for c in text if c.isascii()]
    cases = ([c for c in letters if c.islower()], [c for c in letters if c.isupper()])
    return any(case != sorted(case) for case in cases)


def _some(names: list[str]) -> str:
    wanted = ("english", "french", "german")
    return ", ".join(name for name in wanted if name in names)
