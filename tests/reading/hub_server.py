"""A model hub on this machine: as much of its interface as reading asks for, and what it fetched.

Written after the Hub's own description of its endpoints (tree, paths-info, resolve).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.reading.loopback import listening

SHA = "0" * 40


@dataclass
class Hub:
    """One repository: its folder, its name, and how it answers (`status` is not 200: always)."""

    folder: Path
    name: str = "me/zoo"
    status: int = 200
    address: str = ""
    listings: int = 0
    fetched: dict[str, int] = field(default_factory=dict)
    """Bytes of each file."""

    def entry(self, path: Path) -> dict[str, Any]:
        name = path.relative_to(self.folder).as_posix()
        if path.is_dir():
            return {"type": "directory", "oid": SHA, "size": 0, "path": name}
        return {"type": "file", "oid": SHA, "size": path.stat().st_size, "path": name}


def handler(hub: Hub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def answered(self, status: int, data: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in {"X-Repo-Commit": SHA, "ETag": f'"{SHA}"', **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        def told(self, value: Any) -> None:
            self.answered(200, json.dumps(value).encode(), Content_Type="application/json")

        def respond(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(size).decode()
            url = urlsplit(self.path)
            parts = unquote(url.path).strip("/").split("/")
            if hub.status != 200:
                self.answered(hub.status, b"{}")
            elif parts[:4] == ["api", "models", *hub.name.split("/")]:
                self.api(parts[4:], parse_qs(url.query), body)
            elif parts[:3] == [*hub.name.split("/"), "resolve"]:
                self.resolve("/".join(parts[4:]))
            else:
                self.answered(404, b"{}", X_Error_Code="RepoNotFound")

        do_GET = do_HEAD = do_POST = respond

        def api(self, parts: list[str], query: dict[str, list[str]], body: str) -> None:
            if parts[:1] == ["tree"]:
                hub.listings += 1
                top = hub.folder.joinpath(*parts[2:])
                deep = query.get("recursive", [""])[0].lower() == "true"
                if not top.is_dir():
                    self.answered(404, b"{}", X_Error_Code="EntryNotFound")
                    return
                found = sorted(top.rglob("*") if deep else top.iterdir())
                self.told([hub.entry(path) for path in found])
            elif parts[:1] == ["paths-info"]:
                hub.listings += 1
                wanted = json.loads(body)["paths"] if body[:1] == "{" else parse_qs(body)["paths"]
                found = [hub.folder / name for name in wanted]
                self.told([hub.entry(path) for path in found if path.exists()])
            else:
                self.told({"id": hub.name, "modelId": hub.name, "sha": SHA, "private": False})

        def resolve(self, name: str) -> None:
            path = hub.folder / name
            if not path.is_file():
                self.answered(404, b"{}", X_Error_Code="EntryNotFound")
                return
            data, status, more = path.read_bytes(), 200, {}
            if found := re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range") or ""):
                first, last, whole = int(found[1]), int(found[2]), len(data)
                data, status = data[first : last + 1], 206
                more = {"Content_Range": f"bytes {first}-{first + len(data) - 1}/{whole}"}
            if self.command != "HEAD":
                hub.fetched[name] = hub.fetched.get(name, 0) + len(data)
            self.answered(status, data, **more)

    return Handler


@contextmanager
def hub_of(folder: Path, name: str = "me/zoo") -> Iterator[Hub]:
    """A hub that serves `folder` as the repository `name` while the block runs."""
    hub = Hub(folder, name)
    with listening(handler(hub)) as hub.address:
        yield hub
