"""The fast way from protobuf text to binary says what protobuf's own parser says, or nothing."""

from __future__ import annotations

import random
from typing import Any

import pytest
from google.protobuf import text_format

from sigfix.reading.protos import message_class, parse
from sigfix.reading.text_form import NotLaidOut, to_binary
from tests.corpus import CORPUS, needs_corpus
from tests.models import healthy

SAVED_MODEL = message_class("SavedModel")


def _text() -> str:
    """A model with strings that need escapes, numbers of every kind, maps, lists and an unknown."""
    model = healthy()
    node = model.meta.graph_def.node.add(name='a"b\\c\n', op="Const", input=["x", "^y", "é"])
    node.attr["value"].tensor.tensor_content = bytes(range(256)) * 8
    node.attr["value"].tensor.dtype = 1
    node.attr["f"].f, node.attr["i"].i, node.attr["b"].b = 1.5e-7, -(1 << 63), True
    node.attr["l"].list.i.extend([0, -1, 2])
    node.attr["l"].list.f.extend([0.5, float("inf")])
    node.attr["s"].s = b"\xff\x00'\""
    for number in range(40):
        again = model.meta.graph_def.node.add(name=f"n{number}", op="Identity", input=[node.name])
        again.attr["T"].type = 1
        again.attr["_output_shapes"].list.shape.add().dim.add(size=-1)
    return text_format.MessageToString(model.message)


def _by_protobuf(text: str) -> Any:
    message = SAVED_MODEL()
    text_format.Parse(text, message, allow_unknown_field=True)
    return message


def test_it_is_the_same_message() -> None:
    text = _text()
    assert parse("SavedModel", to_binary(text, SAVED_MODEL.DESCRIPTOR)) == _by_protobuf(text)


def test_fields_of_other_versions_are_left_out() -> None:
    text = _text() + 'of_tomorrow {\n  a: 1\n  b {\n    c: "}"\n  }\n}\nand_this: 7\n'
    assert parse("SavedModel", to_binary(text, SAVED_MODEL.DESCRIPTOR)) == _by_protobuf(text)


@pytest.mark.parametrize(
    "text",
    [
        "saved_model_schema_version: 1", "saved_model_schema_version: 1 # one\n",
        "meta_graphs <\n>\n", "meta_graphs: {\n}\n", "meta_graphs { }\n", "\tmeta_graphs {\n}\n",
        "saved_model_schema_version: 1\nsaved_model_schema_version: 2\n",
        "saved_model_schema_version: 9223372036854775808\n", "meta_graphs {\n", "}\n",
        'meta_graphs {\n  meta_info_def {\n    tags: "a" "b"\n  }\n}\n',
        'meta_graphs {\n  meta_info_def {\n    tags: "a\\"\n  }\n}\n',
        'meta_graphs {\n  meta_info_def {\n    tags: "\\377"\n  }\n}\n',
    ],
)  # fmt: skip
def test_what_is_laid_out_in_another_way_is_left_to_the_parser(text: str) -> None:
    with pytest.raises(NotLaidOut):
        to_binary(text, SAVED_MODEL.DESCRIPTOR)


def _nested(depth: int) -> str:
    """A structured value in a list in a list."""
    names = ["meta_graphs", "object_graph_def", "nodes", "function", "function_spec", "fullargspec"]
    names += ["list_value", "values"] * depth
    opened = "".join(f"{'  ' * n}{name} {{\n" for n, name in enumerate(names))
    return opened + "".join(f"{'  ' * n}}}\n" for n in reversed(range(len(names))))


def test_blocks_in_blocks_end_somewhere() -> None:
    for depth in (1, 10):
        text = _nested(depth)
        assert parse("SavedModel", to_binary(text, SAVED_MODEL.DESCRIPTOR)) == _by_protobuf(text)
    with pytest.raises(NotLaidOut):
        to_binary(_nested(400), SAVED_MODEL.DESCRIPTOR)


def _damaged(lines: list[str], generator: random.Random) -> str:
    lines = list(lines)
    for _ in range(generator.randint(1, 2)):
        place = generator.randrange(len(lines))
        how = generator.randrange(5)
        if how == 0:
            del lines[place]
        elif how == 1:
            lines.insert(place, lines[generator.randrange(len(lines))])
        elif how == 2:
            lines[place] = generator.choice(["}", "  }", "attr {", "name: 'x'", "i: 08", "i: 0x8"])
        else:
            line = lines[place]
            spot = generator.randrange(len(line) + 1)
            lines[place] = line[:spot] + generator.choice("\"\\{}:1a'#") + line[spot + how - 3 :]
    return "\n".join(lines) + "\n"


def test_damaged_text_is_refused_as_protobuf_refuses_it() -> None:
    lines = _text().splitlines()
    generator = random.Random(3)
    read = refused = 0
    for _ in range(1500):
        text = _damaged(lines, generator)
        try:
            wanted = _by_protobuf(text)
        except (text_format.ParseError, ValueError):
            refused += 1
            with pytest.raises(NotLaidOut):
                to_binary(text, SAVED_MODEL.DESCRIPTOR)
            continue
        try:
            found = to_binary(text, SAVED_MODEL.DESCRIPTOR)
        except NotLaidOut:
            continue
        read += 1
        assert parse("SavedModel", found) == wanted
    assert min(read, refused) > 50


@needs_corpus
def test_the_corpus_in_text() -> None:
    models = sorted(CORPUS.rglob("saved_model.pb"))
    assert len(models) > 20
    others = []
    for model in models:
        text = text_format.MessageToString(parse("SavedModel", model.read_bytes()))
        if "[type.googleapis.com/" in text:  # where TensorFlow is imported, whose messages they are
            others.append(model)
            continue
        found = parse("SavedModel", to_binary(text, SAVED_MODEL.DESCRIPTOR))
        assert found == _by_protobuf(text), model
    assert len(others) < 10
