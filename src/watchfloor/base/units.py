"""Quantities as types, so that a checker refuses feet where metres are meant.

Conversions are named result first: `metres_from_feet`. Factors are exact by definition
(international foot, nautical mile: ICAO Annex 5, table 3-3).
"""

from typing import NewType

Feet = NewType("Feet", float)
Metres = NewType("Metres", float)
Micros = NewType("Micros", int)

M_PER_FT = 0.3048
M_PER_NM = 1852.0
MPS_PER_KT = M_PER_NM / 3600.0
US_PER_S = 1_000_000


def metres_from_feet(value_ft: float) -> Metres:
    """Feet as metres [m]."""
    return Metres(value_ft * M_PER_FT)


def feet_from_metres(value_m: float) -> Feet:
    """Metres as feet [ft]."""
    return Feet(value_m / M_PER_FT)


def metres_from_nm(value_nm: float) -> Metres:
    """Nautical miles as metres [m]."""
    return Metres(value_nm * M_PER_NM)
