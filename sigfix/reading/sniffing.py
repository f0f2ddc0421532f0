"""What a file is, told from its first bytes and its outermost protobuf fields."""

from __future__ import annotations

import re
from pathlib import Path

from sigfix.errors import UnreadableModelError
from sigfix.wire import Buffer, read_varint
from sigfix.wording import plural, verb

LARGEST_POINTER = 1024
"""Git LFS takes no larger file for one of its pointers."""
_LFS_MARK = b"version https://git-lfs.github.com/spec/"
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def is_lfs_pointer(data: Buffer) -> bool:
    """Whether these bytes are a Git-LFS pointer, the note left in place of a large file."""
    return data[: len(_LFS_MARK)] == _LFS_MARK


def looks_like_text(data: Buffer) -> bool:
    """Whether the first bytes are readable text."""
    head = data[:512]
    if not head or b"\0" in head:
        return False
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            return False
        text = head[: error.start].decode("utf-8")
    return all(character.isprintable() or character in "\n\r\t" for character in text)


def outer_fields(data: Buffer, limit: int = 64) -> tuple[list[tuple[int, int, int, int]], int]:
    """The outermost fields as (number, wire type, start, end), and how many bytes are missing.

    Stops after `limit` fields, at the end, or at the first field that makes no sense; a field
    that is longer than the file ends the list and gives the missing bytes.
    """
    fields: list[tuple[int, int, int, int]] = []
    position = 0
    while position < len(data) and len(fields) < limit:
        try:
            tag, start = read_varint(data, position)
            number, kind = tag >> 3, tag & 7
            if kind == _VARINT:
                _, end = read_varint(data, start)
            elif kind == _BYTES:
                length, start = read_varint(data, start)
                end = start + length
            elif kind in (_FIXED32, _FIXED64):
                end = start + (4 if kind == _FIXED32 else 8)
            else:
                break
        except ValueError:
            break
        if number == 0:
            break
        fields.append((number, kind, start, end))
        if end > len(data):
            return fields, end - len(data)
        position = end
    return fields, 0


def _is_node(data: Buffer) -> bool:
    """Whether bytes are a NodeDef: field 1 (name) and 2 (op) are text."""
    fields, missing = outer_fields(data, 2)
    return (
        not missing
        and [(number, kind) for number, kind, _, _ in fields] == [(1, _BYTES), (2, _BYTES)]
        and all(looks_like_text(data[start:end]) for _, _, start, end in fields)
    )


def sniff_protobuf(data: Buffer) -> str:
    """`saved_model`, `graph`, `meta_graph`, `onnx` or '' by the outermost fields."""
    fields, _ = outer_fields(data)
    shape = {(number, kind) for number, kind, _, _ in fields}
    if not fields:
        return ""
    number, kind, start, end = fields[0]
    if (7, _BYTES) in shape and (1, _VARINT) in shape:
        return "onnx"
    if (number, kind) == (1, _BYTES) and _is_node(data[start:end]):
        return "graph"
    if (number, kind) == (1, _BYTES) and (2, _BYTES) in shape:
        return "meta_graph"
    if (2, _BYTES) in shape and shape <= {(1, _VARINT), (2, _BYTES)}:
        return "saved_model"
    return ""


_INSTEAD = {
    "graph": (
        "a frozen GraphDef, not a SavedModel",
        "give it another name (frozen.pb), then: sigfix repair frozen.pb",
    ),
    "meta_graph": (
        "a MetaGraphDef (the .meta file of a TF1 checkpoint), not a SavedModel",
        "save the model with tf.saved_model",
    ),
    "onnx": ("an ONNX model, not a SavedModel", "give it a name that ends in .onnx"),
}
_OTHERS = (
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file (Keras' .h5, or weights)", "model.h5"),
    (0, b"PK\x03\x04", "a zip archive", "model.zip"),
    (0, b"\x1f\x8b", "a gzip archive", "model.tar.gz"),
    (0, b"BZh", "a bzip2 archive", "model.tar.bz2"),
    (0, b"\xfd7zXZ\0", "an xz archive", "model.tar.xz"),
    (257, b"ustar", "a tar archive", "model.tar"),
    (4, b"TFL3", "a TensorFlow Lite model", "model.tflite"),
)
"""Where a mark stands, the mark, what the file is, and a name that says so."""
_AGAIN = "copy or download the model again, and compare the file sizes"


def _refuse_others(path: Path, data: Buffer) -> None:
    for start, mark, what, name in _OTHERS:
        if data[start : start + len(mark)] == mark:
            raise UnreadableModelError(
                f"{path} is {what}, not a SavedModel.",
                f"give it another name ({name}), then: sigfix inspect {name}",
                code="CON212",
            )


def check_saved_model_bytes(path: Path, data: Buffer) -> None:
    """Say what a file is instead of a SavedModel message. Raises `UnreadableModelError`."""
    if not data:
        raise UnreadableModelError(f"{path} is empty.", _AGAIN, code="CON214")
    check_stand_in(path, data)
    _refuse_others(path, data)
    kind = sniff_protobuf(data)
    if kind in _INSTEAD:
        what, hint = _INSTEAD[kind]
        raise UnreadableModelError(f"{path} is {what}.", hint, code="CON212")
    if looks_like_text(data):
        raise UnreadableModelError(
            f"{path} is a text file, not a SavedModel.",
            "if it is a SavedModel in text form, its name must be saved_model.pbtxt",
            code="CON212",
        )
    _, missing = outer_fields(data)
    if missing:
        raise UnreadableModelError(
            f"{path} is truncated: {plural(missing, 'byte')} {verb(missing, 'is', 'are')} missing "
            "at its end.",
            _AGAIN,
            code="CON214",
        )
    if kind != "saved_model":
        raise UnreadableModelError(
            f"{path} is not a SavedModel: it has no MetaGraph.", _AGAIN, code="CON212"
        )


_TEXT_FIELD = re.compile(rb"^[ \t]*(\w+)[ \t]*[:{<]", re.MULTILINE)
_KIND_OF_FIELD = {
    b"node": "graph", b"library": "graph", b"versions": "graph", b"meta_info_def": "meta_graph",
    b"graph_def": "meta_graph", b"saver_def": "meta_graph", b"ir_version": "onnx",
    b"opset_import": "onnx", b"producer_name": "onnx",
}  # fmt: skip


def check_saved_model_text(path: Path, data: bytes) -> None:
    """Say what a text is instead of a SavedModel. Raises `UnreadableModelError`."""
    if b"meta_graphs" in data:
        return
    first = _TEXT_FIELD.search(data)
    kind = _KIND_OF_FIELD.get(first[1], "") if first else ""
    what, hint = _INSTEAD.get(kind, ("a text that holds no SavedModel: it has no MetaGraph", ""))
    if kind == "graph":
        hint = "write it in binary as frozen.pb (as_text=False), then: sigfix repair frozen.pb"
    raise UnreadableModelError(f"{path} is {what}.", hint or "take the right file", code="CON212")


_PAGES = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|head|\?xml[^>]*>\s*<error)", re.I)


def check_stand_in(path: Path, data: Buffer) -> None:
    """Raise `UnreadableModelError` where a file is what a download left in place of the model."""
    if is_lfs_pointer(data):
        raise UnreadableModelError(
            f"{path} is a Git-LFS pointer, not the model: the large file was never fetched.",
            "git lfs pull",
            code="CON211",
        )
    if _PAGES.match(bytes(data[:512])):
        raise UnreadableModelError(
            f"{path} is a web page, not the model: the download was answered with a message, or "
            "wanted somebody to sign in or to agree.",
            "open the address in a browser, and download the file itself",
            code="CON212",
        )
