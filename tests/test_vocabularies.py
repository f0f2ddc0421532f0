"""--vocab: names, alphabets, and what is neither."""

from __future__ import annotations

import random
import re
import shlex
import string
from importlib.util import find_spec
from pathlib import Path

import pytest

from sigfix.cli.main import main
from sigfix.errors import MissingExtraError, UsageError
from sigfix.pipeline.preset_options import PresetOptions
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


@pytest.mark.parametrize("text", ["kligons", "Deutsch", "fr", "en_US", "ba\nc", "de"])
def test_what_is_no_alphabet_is_asked_about(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        vocabulary_characters(text)
    literally = quote(f"chars:{text}")
    assert literally in (caught.value.hint or "")
    if len(set(text)) == len(text):
        assert vocabulary_characters(f"chars:{text}") == text
        assert vocabulary_characters(f"characters:{text}") == text


@pytest.mark.parametrize("text", ["aabb", "english,french", "chars:abca", "characters:aa", "aabb,"])
def test_a_character_twice_is_an_error(text: str) -> None:
    with pytest.raises(UsageError, match="each character once") as caught:
        vocabulary_characters(text)
    assert "chars:" not in (caught.value.hint or "")


@pytest.mark.parametrize("text", ["vocab.txt", "my alphabet.json", "no/such/dict.txt"])
def test_a_file_that_is_not_there(text: str) -> None:
    with pytest.raises(UsageError, match="no such file"):
        vocabulary_characters(text)


@pytest.mark.parametrize("text", ["", "characters:", "chars:"])
def test_nothing_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--vocab"):
        vocabulary_characters(text)


def test_a_name_that_doctr_had_comes_with_its_characters() -> None:
    with pytest.raises(UsageError, match="docTR has it no more") as caught:
        vocabulary_characters("legacy_french")
    _, characters = shlex.split(caught.value.hint or "")
    assert len(characters) == 123
    assert vocabulary_characters(characters) == characters


@pytest.mark.parametrize(
    "content",
    ["äbc\r\ndef \n".encode(), "\ufeffä\nb\nc\nd\ne\nf\n \n".encode(), "äbcdef ".encode()],
    ids=["two lines", "one a line, with a mark", "one run"],
)
@pytest.mark.parametrize("name", ["alphabet.txt", "two words.dict", "./abc"])
def test_a_file_has_the_characters(
    name: str, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(content)
    assert vocabulary_characters(name) == "äbcdef "


def test_a_json_file_has_them_under_vocab(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text('{"vocab": "xyz", "arch": "parseq"}', "utf-8")
    assert vocabulary_characters(str(file)) == "xyz"
    for content in ('{"arch": "parseq"}', "no JSON", '{"vocab": [1]}'):
        file.write_text(content, "utf-8")
        with pytest.raises(UsageError, match='no "vocab"'):
            vocabulary_characters(str(file))


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"", b"\n\n", b"abcb", b"a" * (2 << 20)])
def test_a_file_that_is_no_alphabet(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "alphabet.txt"
    file.write_bytes(content)
    with pytest.raises(UsageError, match="--vocab"):
        vocabulary_characters(str(file))


def test_a_file_called_as_an_alphabet_is_asked_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("abc").write_text("xyz")
    with pytest.raises(UsageError, match="a file of that name") as caught:
        vocabulary_characters("abc")
    file, characters = re.findall(r"--vocab (\S+)", caught.value.hint or "")
    assert vocabulary_characters(file) == "xyz"
    assert vocabulary_characters(characters) == "abc"


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
