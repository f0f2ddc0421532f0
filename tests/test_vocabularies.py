"""--vocab: names, alphabets, and what is neither."""

from __future__ import annotations

import random
import shlex
import string
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from sigfix.cli.main import main
from sigfix.errors import MissingExtraError, UsageError
from sigfix.pipeline.preset import PresetOptions
from sigfix.quoting import quote
from sigfix.vocabularies import (
    PRESETS_OWN,
    TABLE,
    installed_table,
    vocabularies_of,
    vocabulary_characters,
    vocabulary_sizes,
)

NEEDS_DOCTR = pytest.mark.skipif(find_spec("doctr") is None, reason="needs doctr")
LANGUAGES = ["french", "english", "german", "portuguese", "polish", "vietnamese", "multilingual"]
ALPHABETS = {
    "digits": string.digits,
    "hexadecimal": "0123456789ABCDEF",
    "letters": "abc",
    "nucleotides": "ACGT",
    "machine readable zone": string.ascii_uppercase + string.digits + "<",
    "frequent first": "etaoinshrdlucmfwypvbgkjqxz",
    "punctuation": string.punctuation,
    "bit": "01",
    "one": "#",
    "Cyrillic": "абвгд",
    "Han": "日本語",
}


@NEEDS_DOCTR
def test_the_table_is_that_of_the_installed_doctr() -> None:
    from tests.tools.doctr_vocabularies import table

    assert TABLE.read_text("ascii") == table()


@NEEDS_DOCTR
def test_every_name_and_every_alphabet_of_doctr() -> None:
    for name, characters in installed_table().items():
        assert vocabulary_characters(name) == characters
        assert vocabulary_characters(characters) == characters


@NEEDS_DOCTR
def test_the_presets_own_is_doctrs() -> None:
    for name, characters in PRESETS_OWN.items():
        assert installed_table()[name] == characters


def test_without_doctr_names_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sigfix.vocabularies.installed_table", dict)
    assert len(vocabulary_characters("french")) == vocabulary_sizes()["french"] == 126
    with pytest.raises(MissingExtraError, match=r"The vocabulary german needs packages"):
        vocabulary_characters("german")
    with pytest.raises(UsageError, match="the nearest is german"):
        vocabulary_characters("German")


@pytest.mark.parametrize("alphabet", ALPHABETS.values(), ids=ALPHABETS)
def test_alphabets_are_taken_as_they_are(alphabet: str) -> None:
    assert vocabulary_characters(alphabet) == alphabet


def _slips(name: str) -> list[str]:
    """The name as it is misspelt: case, spaces, one letter more, less, another, two swapped."""
    choose = random.Random(name)
    found = [name.upper(), name.capitalize(), f" {name}", f"{name} ", f"{name}1", f"{name}_old"]
    for _ in range(8):
        at = choose.randrange(1, len(name) - 1)
        letter = choose.choice(string.ascii_lowercase)
        found += [
            name[:at] + letter + name[at:],
            name[:at] + name[at + 1 :],
            name[:at] + letter + name[at + 1 :],
            name[:at] + name[at + 1] + name[at] + name[at + 2 :],
        ]
    return [slip for slip in found if slip not in vocabulary_sizes()]


@pytest.mark.parametrize("name", LANGUAGES)
def test_a_misspelt_name_is_asked_about(name: str) -> None:
    for slip in _slips(name):
        with pytest.raises(UsageError) as caught:
            vocabulary_characters(slip)
        assert f"--vocab {name}" in (caught.value.hint or ""), slip


@pytest.mark.parametrize(
    "text",
    ["klingon", "Deutsch", "fr", "en_US", "aabb", "vocab.txt", "english,french", "a\nb", "de"],
)
def test_what_is_no_alphabet_is_asked_about(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        vocabulary_characters(text)
    literally = quote(f"characters:{text}")
    assert literally in (caught.value.hint or "")
    assert vocabulary_characters(f"characters:{text}") == text


@pytest.mark.parametrize("text", ["", "characters:"])
def test_nothing_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--vocab"):
        vocabulary_characters(text)


def test_a_name_that_doctr_had_comes_with_its_characters() -> None:
    with pytest.raises(UsageError, match="docTR has it no more") as caught:
        vocabulary_characters("legacy_french")
    _, characters = shlex.split(caught.value.hint or "")
    assert len(characters) == 123
    assert vocabulary_characters(characters) == characters


@pytest.mark.parametrize("name", ["alphabet.txt", "two words.txt", "abc"])
def test_the_command_for_a_file_takes_what_is_in_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(b"abc\r\ndef\n")
    with pytest.raises(UsageError, match="that is a path") as caught:
        vocabulary_characters(name)
    option = (caught.value.hint or "").partition(" takes ")[0].removeprefix("--vocab ")
    done = subprocess.run(
        ["bash", "-c", f"printf %s {option}"], capture_output=True, text=True, check=True
    )
    assert vocabulary_characters(done.stdout) == "abcdef"


def test_the_vocabularies_of_a_size() -> None:
    assert vocabularies_of(100) == "english, indonesian, malay or zulu"
    assert vocabularies_of(126) == "french or pashto"
    assert vocabularies_of(130) == "czech or burmese"
    assert vocabularies_of(9999) == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("repair", "--preset", "parseq", "--weights", "random", "--dry-run"),
        ("repair", "--preset", "parseq", "--weights", "random"),
        ("repair", "model.onnx", "--preset", "parseq"),
        ("convert", "parseq", "--weights", "random", "--tfjs"),
        ("convert", "model.onnx", "--preset", "parseq", "--tfjs"),
    ],
)
@pytest.mark.parametrize("text", ["German", "", "klingon"])
def test_every_command_asks(
    arguments: tuple[str, ...],
    text: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if arguments[0] == "convert" and find_spec("tensorflowjs") is None:
        pytest.skip("needs tensorflowjs")
    monkeypatch.chdir(tmp_path)
    Path("model.onnx").write_bytes(b"")
    with pytest.raises(SystemExit) as stopped:
        main([*arguments, "--vocab", text])
    assert stopped.value.code == 2
    assert "--vocab" in capsys.readouterr().err


def test_options_ask_before_anything_is_built() -> None:
    with pytest.raises(UsageError, match="nearest is german"):
        PresetOptions("random", vocabulary="German").preset("parseq")
