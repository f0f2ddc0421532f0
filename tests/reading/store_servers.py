"""Amazon's and Google's object stores on this machine: as much of them as reading asks for.

Written after their own descriptions: ListObjectsV2, HeadObject and GetObject of S3's REST API, and
objects.list and objects.get of Google's JSON API. What was fetched of each object is counted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.reading.loopback import listening

WHEN = "2026-01-02T03:04:05.000Z"
WHEN_IN_HEADERS = "Fri, 02 Jan 2026 03:04:05 GMT"
GOOGLE = ("storage", "v1", "b")


@dataclass
class Buckets:
    """A folder whose folders are buckets; with a `status`, every request is answered with that."""

    folder: Path
    status: int = 0
    address: str = ""
    fetched: dict[str, int] = field(default_factory=dict)
    """Bytes of each object, by `bucket/key`."""

    def listed(self, bucket: str, prefix: str, flat: bool) -> tuple[dict[str, int], list[str]]:
        """Objects below a prefix with their sizes, and, but for `flat`, the folders beside them."""
        top = self.folder / bucket
        files = {p.relative_to(top).as_posix(): p for p in sorted(top.rglob("*")) if p.is_file()}
        found, folders = {}, {}
        for key, path in files.items():
            inner, deeper, _ = key.removeprefix(prefix).partition("/")
            if not key.startswith(prefix):
                continue
            if deeper and not flat:
                folders[f"{prefix}{inner}/"] = True
            else:
                found[key] = path.stat().st_size
        return found, list(folders)


def handler(buckets: Buckets) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def answered(self, status: int, data: bytes, kind: str, **headers: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": kind, "ETag": '"0"', **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Last-Modified", WHEN_IN_HEADERS)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                with suppress(BrokenPipeError):  # who asked has ended
                    self.wfile.write(data)

        def respond(self) -> None:
            url = urlsplit(self.path)
            parts = url.path.strip("/").split("/")
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            if buckets.status:
                self.answered(buckets.status, b"{}", "application/json")
            elif parts[0] == "download":
                self.content(unquote(parts[4]), unquote(parts[6]))
            elif tuple(parts[:3]) == GOOGLE:
                self.google([unquote(part) for part in parts[3:]], query)
            elif parts[1:] and parts[1]:
                self.content(parts[0], unquote("/".join(parts[1:])))
            else:
                self.amazon(parts[0], query)

        do_GET = do_HEAD = respond

        def google(self, parts: list[str], query: Mapping[str, str]) -> None:
            kind = "application/json"

            def item(key: str, size: int) -> dict[str, Any]:
                return {
                    "kind": "storage#object",
                    "bucket": parts[0],
                    "name": key,
                    "size": str(size),
                    "updated": WHEN,
                    "timeCreated": WHEN,
                    "generation": "1",
                }

            if len(parts) < 3:
                flat = "delimiter" not in query
                found, folders = buckets.listed(parts[0], query.get("prefix", ""), flat)
                told = {"items": [item(*each) for each in found.items()], "prefixes": folders}
                self.answered(200, json.dumps(told).encode(), kind)
                return
            path = buckets.folder / parts[0] / parts[2]
            if path.is_file():
                told = item(parts[2], path.stat().st_size)
                self.answered(200, json.dumps(told).encode(), kind)
            else:
                self.answered(404, b'{"error": {"code": 404, "message": "Not Found"}}', kind)

        def amazon(self, bucket: str, query: Mapping[str, str]) -> None:
            flat = not query.get("delimiter")
            found, folders = buckets.listed(bucket, query.get("prefix", ""), flat)
            told = [
                f"<Contents><Key>{escape(key)}</Key><Size>{size}</Size>"
                f'<LastModified>{WHEN}</LastModified><ETag>"0"</ETag></Contents>'
                for key, size in found.items()
            ]
            told += [
                f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>"
                for name in folders
            ]
            head = f"<Name>{bucket}</Name><KeyCount>{len(told)}</KeyCount>"
            text = (
                '<?xml version="1.0" encoding="UTF-8"?>'
                '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
                f"{head}<IsTruncated>false</IsTruncated>{''.join(told)}</ListBucketResult>"
            )
            self.answered(200, text.encode(), "application/xml")

        def content(self, bucket: str, key: str) -> None:
            path = buckets.folder / bucket / key
            if not path.is_file():
                self.answered(404, b"", "application/xml")
                return
            data, status, more = path.read_bytes(), 200, {}
            if found := re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range") or ""):
                first, last, whole = int(found[1]), int(found[2]), len(data)
                data, status = data[first : last + 1], 206
                more = {"Content_Range": f"bytes {first}-{first + len(data) - 1}/{whole}"}
            if self.command != "HEAD":
                name = f"{bucket}/{key}"
                buckets.fetched[name] = buckets.fetched.get(name, 0) + len(data)
            self.answered(status, data, "application/octet-stream", **more)

    return Handler


@contextmanager
def buckets_of(folder: Path) -> Iterator[Buckets]:
    """Stores that serve the buckets in `folder` while the block runs."""
    buckets = Buckets(folder)
    with listening(handler(buckets)) as buckets.address:
        yield buckets


def environment(buckets: Buckets) -> dict[str, str]:
    """What tells s3fs and gcsfs where the stores are, and that any credentials will do."""
    return {
        **dict.fromkeys(("http_proxy", "HTTP_PROXY", "ALL_PROXY"), ""),
        "NO_PROXY": "*",
        "AWS_ENDPOINT_URL": buckets.address,
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_DEFAULT_REGION": "us-east-1",
        "STORAGE_EMULATOR_HOST": buckets.address,
    }
