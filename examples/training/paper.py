"""What scanners and cameras do to a page: shades, noise, blur, small turns."""

from __future__ import annotations

import io
import math
import random

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter


def turned(
    image: Image.Image, quads: NDArray[np.float32], degrees: float
) -> tuple[Image.Image, NDArray[np.float32]]:
    """A page and its words' corners (float32[n, 4, 2], pixels), turned around the centre."""
    centre = np.array([image.width / 2, image.height / 2], np.float32)
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    # PIL turns counter-clockwise where y points down.
    turn = np.array([[cosine, -sine], [sine, cosine]], np.float32)
    paper = image.getpixel((0, 0))
    return image.rotate(degrees, Image.Resampling.BICUBIC, fillcolor=paper), (
        quads - centre
    ) @ turn + centre


def shaded(pixels: NDArray[np.float32], chance: random.Random) -> NDArray[np.float32]:
    """Light that falls unevenly: a slope and slow waves, up to a fifth."""
    height, width = pixels.shape[:2]
    small = np.random.default_rng(chance.getrandbits(32)).normal(0, 1, (4, 4)).astype(np.float32)
    waves = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))
    result: NDArray[np.float32] = pixels * (1 + chance.uniform(0.02, 0.08) * waves[:, :, None])
    return result


def spoiled(image: Image.Image, chance: random.Random) -> Image.Image:
    """The page as it comes out of a machine. Words stay where they are."""
    if chance.random() < 0.35:
        image = image.filter(ImageFilter.GaussianBlur(chance.uniform(0.3, 1.1)))
    pixels = np.asarray(image, np.float32)
    if chance.random() < 0.35:
        pixels = shaded(pixels, chance)
    if chance.random() < 0.5:
        dice = np.random.default_rng(chance.getrandbits(32))
        grain = dice.standard_normal(pixels.shape[:2], np.float32) * chance.uniform(2, 14)
        pixels = pixels + grain[:, :, None]
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if chance.random() < 0.3:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=chance.randint(35, 90))
        image = Image.open(file).convert("RGB")
    return image
