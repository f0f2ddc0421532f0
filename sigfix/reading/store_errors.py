"""What a store answers that is not what was asked for, in a user's words.

Each package has errors of its own. What they have in common: Python's `PermissionError` and
`ConnectionError` or `TimeoutError` are among their causes, or a status of HTTP is in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sigfix.errors import UnreadableModelError, first_line

LOG_IN: Mapping[str, str] = {
    "gs": "gcloud auth application-default login",
    "s3": "aws configure",
    "hf": "hf auth login",
}
"""How one becomes known to a store, by the beginning of its URLs."""
_DENIED = (401, 403)
_NO_CREDENTIALS = ("NoCredentialsError", "PartialCredentialsError", "DefaultCredentialsError")
"""What botocore and google.auth raise before they ask."""
_FORBIDDEN = "Forbidden"
"""How an error of gcsfs begins that has no status."""
_UNREACHABLE = ("ConnectError", "ConnectTimeout", "ClientConnectorError", "EndpointConnectionError")
"""What httpx, aiohttp and botocore raise that is no `ConnectionError` of Python's."""


def store_error(url: str, error: Exception) -> UnreadableModelError:
    """`error`, which the store of `url` answered with, or could not be asked for."""
    chain = list(_causes(error))
    said = first_line(error).rstrip(".")
    if any(_is_denied(each) for each in chain):
        way = LOG_IN.get(url.partition("://")[0])
        return UnreadableModelError(
            f"{url} cannot be read with the credentials that are there: {said}.",
            f"log in to the store: {way}" if way else "check your credentials for the store",
            code="CON215",
        )
    if any(_is_unreachable(each) for each in chain):
        return UnreadableModelError(
            f"{url} cannot be read: its store was not reached: {said}.",
            "check the network, and the proxy if there is one",
            code="CON215",
        )
    return UnreadableModelError(
        f"{url} cannot be read: {said}.",
        "check the URL, the network and your credentials for the store",
        code="CON215",
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _is_denied(error: BaseException) -> bool:
    named = type(error).__name__ in _NO_CREDENTIALS or str(error).startswith(_FORBIDDEN)
    return isinstance(error, PermissionError) or _status(error) in _DENIED or named


def _status(error: BaseException) -> Any:
    """The status of HTTP in an error of httpx, of botocore, whose answers are tables, or gcsfs."""
    response = getattr(error, "response", None)
    if isinstance(response, Mapping):
        return response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return getattr(response, "status_code", getattr(error, "code", None))


def _is_unreachable(error: BaseException) -> bool:
    named = {kind.__name__ for kind in type(error).__mro__}
    return isinstance(error, (ConnectionError, TimeoutError)) or bool(named & {*_UNREACHABLE})
