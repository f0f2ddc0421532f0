"""CON: files and folders that are no SavedModel, or not where they are looked for."""

from __future__ import annotations

from collections.abc import Callable

from tests.diagnosis.broken_models.case import Files, Pair
from tests.diagnosis.broken_models.container import asset, truncated_variables, variables
from tests.models import Model, healthy

LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12\n"


def saved_model(data: bytes) -> Callable[[], Files]:
    return lambda: Files({"saved_model.pb": data})


def below(*folders: str, inspected: str = "") -> Callable[[], Files]:
    """A healthy model in each of these folders."""
    return lambda: Files(
        {f"{folder}/saved_model.pb": healthy().data() for folder in folders}, inspected
    )


def frozen_graph(name: str, inspected: str = "") -> Callable[[], Files]:
    return lambda: Files({name: Model().meta.graph_def.SerializeToString()}, inspected)


def chunked() -> Files:
    return Files({"saved_model.cpb": b"\x83\xaf\x70\xd1" + bytes(60)})


def chunked_beside_whole() -> Files:
    return Files({"saved_model.cpb": bytes(60), "saved_model.pb": healthy().data()})


intact = saved_model(healthy().data())

CASES = {
    "CON210": Pair([below("1"), below("a/b")], [intact, below("1", inspected="1")]),
    "CON211": Pair(
        [
            saved_model(LFS_POINTER),
            variables(shard=LFS_POINTER),
            variables(index=LFS_POINTER),
            asset("vocab.txt", vocab=LFS_POINTER),
        ],
        [
            intact,
            saved_model(b"version 1 of a text\n"),
            truncated_variables,
            asset("vocab.txt", vocab=b"version 1 of a text\n"),
        ],
    ),
    "CON212": Pair(
        [
            frozen_graph("saved_model.pb"),
            saved_model(b"<html>"),
            saved_model(healthy().meta.SerializeToString()),
        ],
        [frozen_graph("frozen.pb", "frozen.pb"), intact],
    ),
    "CON214": Pair(
        [saved_model(b""), saved_model(healthy().data()[:-20])], [intact, saved_model(LFS_POINTER)]
    ),
    "CON215": Pair(
        [
            lambda: Files({}),
            lambda: Files({"notes.txt": b"hello"}),
            lambda: Files({"notes.txt": b"hello"}, "notes.txt"),
            lambda: Files({}, "absent"),
        ],
        [intact, below("1"), below("1", "2")],
    ),
    "CON216": Pair([below("1", "2")], [below("1"), below("1", ".hidden")]),
    "CON217": Pair([chunked], [intact, chunked_beside_whole]),
}
