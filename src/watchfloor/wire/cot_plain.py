"""Plain CoT events, read at once: as nearly all senders write them, without a parser's step for each tag.

| part | what is plain |
|---|---|
| bytes | printable ASCII; no entity, comment, section, and no `>` in a value; values in double quotes |
| `event`, `point` | the attributes below, each once, in any order |
| `detail` | `contact` and `track` at most once, and elements without children |
| elements, attributes of one, characters of a value, of a text | at most 64, 16, 256, 1,024: they bound the work |

**Doubt**: an event that is not plain, or has a value out of its limits, is not read here; `cot` reads it tag by tag
and says what is wrong with it. What is read here is read there alike, but for a declaration
before the event, at which nobody looks.
**Source**: as `cot_event`; which form is plain: own reasoning, from what senders write.
"""

import re

from watchfloor.base.errors import InputError
from watchfloor.base.instants import us_from_zulu
from watchfloor.wire.cot_event import CALLSIGN_LENGTH, HIGHEST_M, LOWEST_M, MOST_MPS, UNKNOWN_M, CotEvent

_S = r"[ \t\r\n]"
_VALUE = r"[ !#-%'-;=?-~]{0,256}+"
_TEXT = r"[\t\r\n -%'-;=?-~]{0,1024}+"
_DECIMAL = r"[+-]?+(?:\d++(?:\.\d*+)?|\.\d++)"
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9}+)?Z"
_NAME = r"[A-Za-z_][A-Za-z0-9_.-]{0,63}+"
_READ_ELSEWHERE = "contact|track|event|TakControl"


class _Pattern:
    """Writes the pattern and counts its groups, for each of which it can then be said that it matches once."""

    def __init__(self) -> None:
        self._count = 0

    def once(self, head: str, value: str, tail: str, name: str = "") -> str:
        """Something that may stand once, whose value may be asked for by its name."""
        self._count += 1
        group = f"(?P<{name}>{value})" if name else f"({value})"
        return f"(?({self._count})(?!)|{head}{group}{tail})"

    def attributes(self, **known: str) -> str:
        """Attributes that may each stand once; those that begin with `_` are not asked for."""
        return "|".join(
            self.once(f'{name.strip("_")}="', value, '"', "" if name.startswith("_") else name)
            for name, value in known.items()
        )

    def any_attribute(self, *others: str) -> str:
        """An attribute of any name but these, which does not stand again in its tag."""
        self._count += 1
        but = f"(?!(?:{'|'.join(others)})=)" if others else ""
        return rf'{but}({_NAME})="{_VALUE}"(?![^<>]*{_S}\{self._count}=")'

    def element(self, name: str, **known: str) -> str:
        """An empty element of `detail` that may stand once; its name as a group says whether it does."""
        head = self.once("<", name, r"(?=[\s/])", name)
        return f"{head}(?:{_S}++(?:{self.attributes(**known)}|{self.any_attribute(*known)})){{0,16}}+{_S}*+/>"

    def any_element(self) -> str:
        """An element without children that nobody here reads."""
        self._count += 1
        end = rf"</\{self._count}{_S}*+>"
        head = rf"<(?!(?:{_READ_ELSEWHERE})[\s/>])({_NAME})"
        return f"{head}(?:{_S}++{self.any_attribute()}){{0,16}}+{_S}*+(?:/>|>{_TEXT}{end})"

    def detail(self) -> str:
        """The detail's start, what is in it, and its end."""
        self._count += 1
        contact = self.element("contact", callsign=_VALUE)
        track = self.element("track", speed=_DECIMAL, course=_DECIMAL)
        inner = rf"(?P<inner>(?:{_S}*+(?:{contact}|{track}|{self.any_element()})){{0,64}}+)"
        return f"<detail>{inner}{_S}*+</detail>"

    def event(self) -> str:
        """A whole event, and what may stand before it."""
        head = self.attributes(
            version=r"2(?:\.0)?",
            uid=r"[!#-%'-;=?-~]{1,128}+",
            type=r"[A-Za-z0-9_.]++(?:-[A-Za-z0-9_.]++)*+",
            time=_TIME,
            start=_TIME,
            stale=_TIME,
            how=_VALUE,
            opex=_VALUE,
            _access=_VALUE,
            _qos=_VALUE,
            _caveat=_VALUE,
        )
        point = self.attributes(lat=_DECIMAL, lon=_DECIMAL, hae=_DECIMAL, _ce=_VALUE, _le=_VALUE)
        return (
            rf"{_S}*+(?:<\?xml[^<>?]*+\?>{_S}*+)?"
            rf"<event(?:{_S}++(?:{head}))*+{_S}*+>"
            rf"{_S}*+<point(?:{_S}++(?:{point}))*+{_S}*+/>"
            rf"{_S}*+(?:{self.detail()}|<detail{_S}*+/>)?"
            rf"{_S}*+</event{_S}*+>"
        )


_EVENT = re.compile(_Pattern().event())
_NEEDED = ("version", "uid", "type", "time", "start", "stale", "lat", "lon", "hae")
_OTHERS = ("how", "opex", "inner", "contact", "callsign", "track", "speed", "course")
_NUMBERS = tuple(_EVENT.groupindex[name] for name in (*_NEEDED, *_OTHERS))


def read(text: str, begin: int) -> tuple[CotEvent, int] | None:
    """The event that begins here, and where it ends; None, when it is not plain. One character stands for one byte."""
    found = _EVENT.match(text, begin)
    if found is None:
        return None
    said = found.group(*_NUMBERS)
    event = None if None in said[: len(_NEEDED)] else _event_of(*said[1:])
    return None if event is None else (event, found.end())


def _event_of(
    uid: str,
    kind: str,
    time: str,
    start: str,
    stale: str,
    lat: str,
    lon: str,
    hae: str,
    how: str | None,
    opex: str | None,
    inner: str | None,
    contact: str | None,
    callsign: str | None,
    track: str | None,
    speed: str | None,
    course: str | None,
) -> CotEvent | None:
    """The event of what its pattern found; None, when a value is out of its limits."""
    lat_deg, lon_deg, hae_m = float(lat), float(lon), float(hae)
    speed_mps = None if speed is None else float(speed)
    course_deg = None if course is None else float(course)
    if not (
        -90 <= lat_deg <= 90
        and -180 <= lon_deg <= 180
        and (LOWEST_M <= hae_m <= HIGHEST_M or hae_m == UNKNOWN_M)
        and (speed_mps is None or 0 <= speed_mps <= MOST_MPS)
        and (course_deg is None or 0 <= course_deg <= 360)
    ):
        return None
    try:
        time_us = us_from_zulu(time)
        start_us = time_us if start == time else us_from_zulu(start)
        stale_us = us_from_zulu(stale)
    except InputError:
        return None
    read_count = (contact is not None) + (track is not None)
    return CotEvent(
        uid=uid,
        type=kind,
        time_us=time_us,
        start_us=start_us,
        stale_us=stale_us,
        how=how or "",
        opex=opex or "",
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        hae_m=None if hae_m == UNKNOWN_M else hae_m,
        callsign=None if callsign is None else callsign[:CALLSIGN_LENGTH],
        speed_mps=speed_mps,
        course_deg=course_deg,
        asked_version="",
        dropped_count=inner.count("<") - inner.count("</") - read_count if inner else 0,
    )
