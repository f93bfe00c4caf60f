"""The ground that simulated cameras look down on: the pack's own map around a place, with an invented texture.

Nothing in it is of a real place, and nobody is in it.
"""

from math import cos, radians
from random import Random
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

METRES_PER_PIXEL = 3.0
SIDE_PX = 2_400
_M_PER_DEG = 111_195.0
_SEA, _LAND, _TOWN, _STREET, _SHADOW = 38, 62, 80, 98, 30
_GRAIN = (6, 20, 60, 200, 600)
_STREET_PX, _HOUSES = 56, 2_600


class Ground:
    """A square of land in shades of grey, north up, its middle at a place."""

    def __init__(self, features: list[dict[str, Any]], lat_deg: float, lon_deg: float, seed: str) -> None:
        self.lat_deg, self.lon_deg = lat_deg, lon_deg
        self._per_lon = _M_PER_DEG * cos(radians(lat_deg)) / METRES_PER_PIXEL
        self._per_lat = _M_PER_DEG / METRES_PER_PIXEL
        self.image = self._drawn(features, Random(seed))

    def pixel(self, lat_deg: float, lon_deg: float) -> tuple[float, float]:
        """Where a place is in the image, from its upper left corner."""
        x = SIDE_PX / 2 + (lon_deg - self.lon_deg) * self._per_lon
        return x, SIDE_PX / 2 - (lat_deg - self.lat_deg) * self._per_lat

    def _drawn(self, features: list[dict[str, Any]], dice: Random) -> Image.Image:
        plain = Image.new("L", (SIDE_PX, SIDE_PX), _SEA)
        draw, towns = ImageDraw.Draw(plain), Image.new("L", (SIDE_PX, SIDE_PX), 0)
        built = ImageDraw.Draw(towns)
        for feature in features:
            kind, shape = feature["properties"]["feature"], feature["geometry"]
            if shape["type"] != "Polygon" or kind not in ("land", "district"):
                continue
            ring = [self.pixel(lat, lon) for lon, lat in shape["coordinates"][0]]
            draw.polygon(ring, fill=_LAND if kind == "land" else _TOWN)
            if kind == "district":
                built.polygon(ring, fill=255)
        for place in range(0, SIDE_PX, _STREET_PX):
            bend = dice.randint(-9, 9)
            draw.line((place, 0, place + bend, SIDE_PX), fill=_STREET, width=5)
            draw.line((0, place, SIDE_PX, place + bend), fill=_STREET, width=5)
        for _ in range(_HOUSES):
            self._house(draw, towns, dice)
        return self._grained(plain, dice)

    def _house(self, draw: ImageDraw.ImageDraw, towns: Image.Image, dice: Random) -> None:
        x, y = dice.randrange(SIDE_PX - 30), dice.randrange(SIDE_PX - 30)
        if not towns.getpixel((x, y)) and dice.random() > 0.06:
            return
        wide, high, grey = dice.randint(6, 20), dice.randint(6, 20), dice.randint(90, 160)
        draw.rectangle((x + 3, y + 3, x + wide + 3, y + high + 3), fill=_SHADOW)
        draw.rectangle((x, y, x + wide, y + high), fill=grey)

    @staticmethod
    def _grained(plain: Image.Image, dice: Random) -> Image.Image:
        """With a light and shade that no camera's eye lacks."""
        spots = np.random.default_rng(dice.getrandbits(32))
        shade = np.zeros((SIDE_PX, SIDE_PX), np.float32)
        for cells in _GRAIN:
            small = Image.fromarray(spots.random((cells, cells), np.float32))
            shade += np.asarray(small.resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC)) / cells**0.35
        shade = 0.75 + 0.5 * (shade - shade.min()) / (shade.max() - shade.min())
        lit = np.asarray(plain, np.float32) * shade
        return Image.fromarray(lit.clip(0, 255).astype(np.uint8))
