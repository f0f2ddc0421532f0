"""Pillow, which docTR brings: what pictures are opened and drawn with."""

from __future__ import annotations

from typing import Any

from sigfix.errors import MissingExtraError


def pillow(purpose: str) -> tuple[Any, Any, Any]:
    """Its modules Image, ImageDraw and ImageFont; `MissingExtraError` where it is absent."""
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError as error:
        raise MissingExtraError(purpose, "doctr", str(error)) from error
    return Image, ImageDraw, ImageFont
