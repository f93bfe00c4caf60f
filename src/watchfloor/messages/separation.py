"""Minima other than the room's own, as packs and serve files write them."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from watchfloor.messages.air import Party

LatLon = tuple[Annotated[float, Meta(ge=-90, le=90)], Annotated[float, Meta(ge=-180, le=180)]]


class SeparationRule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Minima, and for whom, where and when they hold; what is left out narrows nothing.

    `lookahead_s`: how far ahead it looks, where that is less far than the room does.

    `around` is a place, latitude first, and `radius_nm` how far from it; or `corridor` lists corners in the same form.
    """

    name: Annotated[str, Meta(min_length=1, max_length=40)]
    horizontal_nm: Annotated[float, Meta(gt=0, le=100)]
    vertical_ft: Annotated[int, Meta(ge=1, le=100_000)]
    lookahead_s: Annotated[int, Meta(ge=1)] | None = None
    around: LatLon | None = None
    radius_nm: Annotated[float, Meta(gt=0, le=500)] | None = None
    corridor: Annotated[tuple[LatLon, ...], Meta(max_length=1_000)] = ()
    from_ft: int | None = None
    below_ft: int | None = None
    parties: tuple[Party, ...] = ()
    callsigns: tuple[Annotated[str, Meta(min_length=1, max_length=16)], ...] = ()
    between_parties: bool = False
    line: tuple[Literal["up", "suspended"], ...] = ()

    def objection(self) -> str | None:
        """Why this cannot be a rule, or None."""
        places = (self.around, self.corridor or None, self.from_ft, self.below_ft)
        if not (any(place is not None for place in places) or self.parties or self.callsigns or self.line) and (
            not self.between_parties
        ):
            return "it narrows nothing; the room's own `minima` hold everywhere"
        if (self.around is None) != (self.radius_nm is None):
            return "`around` and `radius_nm` stand together"
        if self.around is not None and self.corridor:
            return "give either `around` or `corridor`"
        if self.corridor and len(self.corridor) < 3:
            return "a corridor has three corners at least"
        if self.from_ft is not None and self.below_ft is not None and self.from_ft >= self.below_ft:
            return "`below_ft` is not above `from_ft`"
        return None
