"""Predicted loss of separation: found, changed, ended. All measured values are quantised integers."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from watchfloor.base.labels import Label
from watchfloor.messages.acts import Ident, Integer, Whole


class VerticalBasis(StrEnum):
    """Which altitudes were compared; unknown means the pair is judged as if level with each other."""

    PRESSURE = "pressure"
    GEOMETRIC = "geometric"
    UNKNOWN = "unknown"


class Broken(StrEnum):
    """Which minimum is broken first; the other one then completes the loss. Both: at the same instant, or already."""

    DISTANCE = "distance"
    LEVEL = "level"
    BOTH = "both"


class EndCause(StrEnum):
    """Why an alert ended."""

    DIVERGED = "diverged"
    TRACK_LOST = "track_lost"
    CLOCK_JUMPED = "clock_jumped"


class Minima(Struct, frozen=True, forbid_unknown_fields=True):
    """What must be kept between two aircraft: less than both at once is a loss; exactly is none."""

    horizontal_m: Whole
    vertical_ft: Whole
    lookahead_us: Whole


class ProbedState(Struct, frozen=True, forbid_unknown_fields=True):
    """One aircraft as the probe saw it, quantised, so that a replay can ask again.

    `cleared_ft`: the level at which its climb or descent is taken to end; None where nothing fresh says one.
    """

    track_id: Ident
    toa_us: Whole
    lat_e7deg: Integer
    lon_e7deg: Integer
    alt_ft: Integer
    gs_dkt: Whole
    trk_cdeg: Whole
    vs_fpm: Integer
    cleared_ft: Integer | None = None


class Encounter(Struct, frozen=True, forbid_unknown_fields=True):
    """The closest approach of a pair on straight lines, by room time; `breaks_first` is None in older records."""

    loss_us: Whole
    end_us: Whole
    cpa_us: Whole
    cpa_m: Whole
    vertical_at_cpa_ft: Whole
    now_m: Whole
    now_vertical_ft: Whole
    basis: VerticalBasis
    breaks_first: Broken | None


class AlertRaised(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="AlertRaised"):
    """Two aircraft will lose separation unless something changes; computed, not an order.

    `minima` are those that hold for the pair; `regime` names where they come from, empty for the room's own.
    """

    alert_id: Ident
    first: ProbedState
    second: ProbedState
    encounter: Encounter
    minima: Minima
    regime: Annotated[str, Meta(max_length=120)]
    between_parties: bool
    at_us: Whole
    label: Label


class AlertUpdated(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="AlertUpdated"):
    """The prediction moved by more than the declared step."""

    alert_id: Ident
    encounter: Encounter
    at_us: Whole
    label: Label


class AlertEnded(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="AlertEnded"):
    """The pair is no longer predicted to lose separation, or can no longer be judged."""

    alert_id: Ident
    cause: EndCause
    closest_seen_m: Whole
    at_us: Whole
    label: Label


class AlertEscalated(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="AlertEscalated"):
    """Nobody has acknowledged an alert that still stands: every screen says so, louder than before."""

    alert_id: Ident
    at_us: Whole
    label: Label


AnyAlert = AlertRaised | AlertUpdated | AlertEscalated | AlertEnded
