"""What a pack or a serve file says, in the shapes the capabilities want."""

from collections.abc import Sequence

from msgspec.structs import replace

from watchfloor.app.rulebook import rules_in_use, version_text
from watchfloor.base.errors import InputError
from watchfloor.base.geodesy import areas_overlap
from watchfloor.base.instants import us_from_hms
from watchfloor.base.labels import Audience, Label, label_for, level_named
from watchfloor.base.units import US_PER_S, metres_from_nm
from watchfloor.deconflict.alerts import Rings
from watchfloor.deconflict.regimes import Regime
from watchfloor.messages.acts import SeatKind
from watchfloor.messages.alerts import Minima
from watchfloor.messages.line_record import LineKind, LineRota
from watchfloor.messages.pack import AreaNamed, DoctrineSet, Pack, PackSeat
from watchfloor.messages.passkeys import Passkey
from watchfloor.messages.room import SeatTaken
from watchfloor.messages.rulebook import RuleVersion
from watchfloor.messages.separation import SeparationRule
from watchfloor.picture.state import Block, FeedLimits, Picture

MAX_RULES_BYTES = 48_000


def doctrine_of(pack: Pack, version: RuleVersion, rules_digest: str) -> DoctrineSet:
    """A version of a pack's rules as a fact for the record; `run` is always an exercise.

    **Raises**: InputError, when the rules are too long for an entry.
    """
    text = version_text(version)
    if len(text.encode()) > MAX_RULES_BYTES:
        raise InputError(f"rules of {len(text.encode())} bytes are over {MAX_RULES_BYTES}", field="rules")
    return DoctrineSet(
        rules_digest=rules_digest,
        rules_version=version.version,
        rules_text=text,
        advice=None,
        areas=tuple(
            AreaNamed(
                area.id,
                area.city,
                area.held,
                area.is_near_line,
                tuple(other.id for other in pack.areas if areas_overlap(area.rings[0], other.rings[0])),
            )
            for area in pack.areas
        ),
        nations=everyone(pack).nations,
        is_exercise=True,
        watch_until_us=pack.end_us,
        label=label_all(pack),
    )


def doctrine_for(pack: Pack, held: DoctrineSet | None) -> DoctrineSet:
    """The rules in force when a room opens: those of its record, if rules were code then; else those of the pack."""
    if held is not None and held.advice is None:
        return held
    in_force = rules_in_use(pack)
    return doctrine_of(pack, in_force.version, in_force.rules.digest())


def proposed_by(pack: Pack) -> dict[str, tuple[int, DoctrineSet]]:
    """The pack's versions that may take effect, by digest, each with the instant before which it does not."""
    found = {}
    for version in pack.rulebook.versions:
        if version.version in pack.rulebook.retired:
            continue
        digest = rules_in_use(pack, version.version).rules.digest()
        found[digest] = version.from_us, doctrine_of(pack, version, digest)
    return found


def everyone(pack: Pack) -> Audience:
    """The audience that sees only what is releasable to all nations of the room."""
    return Audience(nations=tuple(sorted(nation.id for nation in pack.header.nations)))


def plain_port_of(pack: Pack) -> Audience:
    """Whose picture TAK clients without a certificate have; everyone's, where the pack does not say."""
    port = pack.header.tak_port
    if port is None:
        return everyone(pack)
    return Audience(tuple(sorted(set(port.nations))), level_named(port.level), tuple(sorted(set(port.need_to_know))))


def label_all(pack: Pack) -> Label:
    """The label of what all nations of the room may see."""
    return label_for(everyone(pack).nations)


def cleared_of(pack: Pack, seat: PackSeat) -> Audience:
    """What somebody in a seat may see: its nation's, up to its role's level, in its role's groups."""
    role = next(role for role in pack.header.roles if role.id == seat.role)
    groups = sorted(group.id for group in pack.header.need_to_know if role.id in group.roles)
    return Audience((seat.nation,), level_named(role.level), tuple(groups))


def minima_of(pack: Pack) -> Minima:
    """The minima in the probe's units."""
    minima = pack.header.minima
    return Minima(
        horizontal_m=round(metres_from_nm(minima.horizontal_nm)),
        vertical_ft=minima.vertical_ft,
        lookahead_us=minima.lookahead_s * US_PER_S,
    )


def rings_of(pack: Pack) -> Rings:
    """The rings around airfields."""
    rings = pack.header.airfield_rings
    return Rings(pack.airfields, round(metres_from_nm(rings.radius_nm)), rings.below_ft)


def regimes_of(rules: Sequence[SeparationRule]) -> tuple[Regime, ...]:
    """Rules of separation in the probe's units and order of coordinates."""
    return tuple(
        Regime(
            name=rule.name,
            horizontal_m=round(metres_from_nm(rule.horizontal_nm)),
            vertical_ft=rule.vertical_ft,
            lookahead_us=None if rule.lookahead_s is None else rule.lookahead_s * US_PER_S,
            around=None if rule.around is None else (rule.around[1], rule.around[0]),
            radius_m=round(metres_from_nm(rule.radius_nm or 0.0)),
            corridor=tuple((lon_deg, lat_deg) for lat_deg, lon_deg in rule.corridor),
            from_ft=rule.from_ft,
            below_ft=rule.below_ft,
            parties=rule.parties,
            callsigns=rule.callsigns,
            between_parties=rule.between_parties,
            line=rule.line,
        )
        for rule in rules
    )


def picture_of(pack: Pack) -> Picture:
    """An empty picture with the pack's feeds and address blocks."""
    return Picture(
        limits={
            feed.id: FeedLimits(round(feed.stale_s * US_PER_S), round(feed.lost_s * US_PER_S))
            for feed in pack.header.feeds
        },
        blocks=tuple(
            Block(int(block.first, 16), int(block.last, 16), block.party) for block in pack.header.address_blocks
        ),
    )


def seated(
    pack: Pack, seat: PackSeat, person_id: str, key_id: str, public_key: str, passkey: Passkey | None = None
) -> SeatTaken:
    """The fact that a person takes a seat of the pack."""
    role = next(role for role in pack.header.roles if role.id == seat.role)
    cleared = cleared_of(pack, seat)
    return SeatTaken(
        seat_id=seat.id,
        person_id=person_id,
        role=seat.role,
        nation=seat.nation,
        kind=SeatKind.SIMULATED if seat.simulated else SeatKind.PERSON,
        powers=role.powers,
        key_id=key_id,
        public_key=public_key,
        label=label_all(pack),
        passkey=passkey,
        level=cleared.level,
        need_to_know=cleared.need_to_know,
    )


def rotas_of(pack: Pack) -> dict[LineKind, LineRota]:
    """How the pack's room answers its lines of each kind; nothing, where it does not say."""
    line = pack.header.line
    if line is None:
        return {}
    rota = LineRota(
        due_of_day_s=us_from_hms(f"{line.call_at}:00") // US_PER_S,
        utc_offset_s=pack.utc_offset_s,
        grace_s=line.grace_s,
        answer=line.answer,
        step_s=line.step_s,
        urgent_step_s=line.urgent_step_s,
    )
    asked = {kind: named.answer for kind, named in line.kinds.items() if named.answer}
    return {kind: replace(rota, answer=asked.get(kind, line.answer)) for kind in LineKind}


def members_of(pack: Pack) -> dict[LineKind, tuple[str, ...]]:
    """Which roles speak on lines of each kind, where the pack names them."""
    line = pack.header.line
    return {} if line is None else {kind: named.members for kind, named in line.kinds.items()}
