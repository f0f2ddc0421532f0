"""Makes the pictures that comparisons are run with: `python -m tests.tools.pictures`.

A page of rendered text, and a scene of gradients, discs and shadows with a little grain.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sigfix.verifying.inputs.contents import PICTURES

SIDE = 512
TEXT = (
    "Invoice 2041", "Seven grey herons stood in the reeds", "and watched the ferry turn.",
    "Total: 1,284.50 EUR  (VAT 19 %)", "Dear reader, nothing on this page is true,",
    "but every letter of it is meant", "to be found and read.", "Item   Quantity   Price",
    "Lamp        2     18.90", "Rope       14      3.25", "Kettle      1     41.00",
    "QUICK JUMPING ZEBRAS VEX", "Ordered by: J. Okonkwo, 12 March",
)  # fmt: skip


def page() -> np.ndarray:
    picture = Image.new("L", (SIDE, SIDE), 236)
    draw = ImageDraw.Draw(picture)
    for index, line in enumerate(TEXT):
        size = (30, 22, 20, 26)[index % 4]
        draw.text((18 + 9 * (index % 3), 6 + index * 38), line, 20, ImageFont.load_default(size))
    return np.asarray(picture, np.uint8)


def photo(side: int = 256) -> np.ndarray:
    random = np.random.default_rng(7)
    y, x = np.mgrid[0:side, 0:side] / side
    scene = np.stack([0.35 + 0.5 * (1 - y), 0.45 + 0.3 * (1 - y), 0.8 - 0.5 * y], -1)
    for _ in range(14):
        center, radius, colour = random.random(2), 0.05 + 0.16 * random.random(), random.random(3)
        distance = np.hypot(x - center[0], y - center[1]) / radius
        light = np.clip(1.15 - distance * 0.5 + 0.3 * (center[0] - x), 0, 1)[..., None]
        scene = np.where(distance[..., None] < 1, colour * light, scene)
    grain = random.normal(scale=0.02, size=scene.shape)
    return (np.clip(scene + grain, 0, 1) * 255).round().astype(np.uint8)


if __name__ == "__main__":
    np.savez_compressed(PICTURES, page=page(), photo=photo())
    print(f"{PICTURES.stat().st_size} bytes")
