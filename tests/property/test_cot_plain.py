"""Plain CoT events: whatever is read at once is read alike tag by tag, by a parser of XML that knows nothing of it."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from watchfloor.base.errors import WireError
from watchfloor.wire import cot, cot_plain

TIMES = ("2031-03-14T16:00:00Z", "2031-03-14T16:00:00.123456789Z")
NUMBERS = ("12", "-91.5", "+.5", "7.", "360", "1501", "60000", "9999999", "1e3", "-0")
MARKUP = ("&amp;", "&", "<", ">", "'", "\t", "\x01", "\u00e9", "a=b", "x y=", "T" * 40, "v" * 257)
WORDS = ("", "U-1", "2.0", "3.0", "a-f-A", "a-u-G;x", "e-day", "2031-13-14T16:00:00Z")
VALUES = st.sampled_from((*TIMES, *NUMBERS, *MARKUP, *WORDS))
OF_EVENT = ("uid", "version", "type", "time", "start", "stale", "how", "opex", "access")
OF_OTHERS = ("lat", "lon", "hae", "ce", "le", "callsign", "speed", "course", "endpoint", "x", "_y", "a:b", "1x")
NAMES = st.sampled_from((*OF_EVENT, *OF_OTHERS))
ELEMENTS = ("contact", "track", "remarks", "status", "__group", "contactx", "event", "TakControl")
QUOTES = st.sampled_from(['"', '"', '"', "'"])
SPACES = st.sampled_from([" ", " ", " ", "", "  ", "\n", "\t", "\f"])


@st.composite
def attributes(draw: st.DrawFn, known: dict[str, str]) -> str:
    """Attributes that are mostly as they should be: some changed, added, left out or moved."""
    wanted = list(known.items())
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        place = draw(st.integers(0, len(wanted)))
        if draw(st.booleans()):
            wanted.insert(place, (draw(NAMES), draw(VALUES)))
        elif place < len(wanted):
            wanted[place] = (wanted[place][0], draw(VALUES)) if draw(st.booleans()) else (draw(NAMES), draw(VALUES))
    if draw(st.booleans()):
        wanted = draw(st.permutations(wanted))
    quote = draw(QUOTES)
    return "".join(f"{draw(SPACES)}{name}={quote}{value}{quote}" for name, value in wanted)


@st.composite
def elements(draw: st.DrawFn) -> str:
    """What a detail may hold."""
    name = draw(
        st.sampled_from(["contact", "track", "remarks", "status", "__group", "contactx", "event", "TakControl"])
    )
    known = {"contact": {"callsign": "TILLER"}, "track": {"speed": "100.0", "course": "90"}}.get(name, {"role": "x"})
    said = draw(attributes(known))
    inside = draw(st.sampled_from([None, None, "", "some words", "&lt;", "]]>", "a > b", "<x/>", "<!-- -->", "\u00e9"]))
    end = draw(st.sampled_from([name, name, name, "other"]))
    return f"<{name}{said}/>" if inside is None else f"<{name}{said}>{inside}</{end}>"


@st.composite
def events(draw: st.DrawFn) -> str:
    """Events that are nearly plain."""
    time = draw(st.sampled_from(TIMES))
    head = {"version": "2.0", "uid": "U-1", "type": "a-f-A-M", "time": time, "start": time, "stale": TIMES[0]}
    point = draw(attributes({"lat": "-37.5", "lon": "-114.1", "hae": "3048", "ce": "10", "le": "10"}))
    held = "".join(f"{draw(SPACES)}{one}" for one in draw(st.lists(elements(), max_size=4)))
    detail = draw(st.sampled_from([f"<detail>{held}</detail>", f"<detail>{held} </detail >", "<detail/>", "", held]))
    before = draw(st.sampled_from(["", "", " ", '<?xml version="1.0"?>\n', "<?x ? >"]))
    return f"{before}<event{draw(attributes(head))}>{draw(SPACES)}<point{point}/>{detail}</event>"


@settings(max_examples=1_500)
@given(events())
@example("<event" + ' version="2" uid="U" type="a-f-A" time="2031-03-14T16:00:00Z" start="2031-03-14T16:00:00Z"'
         ' stale="2031-03-14T16:00:00Z"><point lat="1" lon="2" hae="3"/><detail><contactx callsign="no"/>'
         '<track speed="1"/><contact callsign="yes"/></detail></event>')  # fmt: skip
def test_what_is_read_at_once_reads_alike_tag_by_tag(text: str) -> None:
    raw = text.encode()
    found = cot_plain.read(raw.decode("latin-1"), 0)
    if found is None:
        return
    event, end = found
    assert end == len(raw)
    assert event == cot.parse_event(raw[raw.index(b"<event") :])


@given(events(), st.text(max_size=3), st.integers(0, 10_000), st.integers(0, 3))
def test_nor_does_a_character_more_or_less_make_a_difference(text: str, more: str, place: int, less: int) -> None:
    place %= len(text)
    raw = (text[:place] + more + text[place + less :]).encode()
    found = cot_plain.read(raw.decode("latin-1"), 0)
    if found is not None:
        assert found[0] == cot.parse_event(raw[raw.index(b"<event") : found[1]])


OF_ATAK = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<event version="2.0" uid="ANDROID-1" type="a-f-G-U-C" '
    'how="m-g" time="2031-03-14T16:00:00.000Z" start="2031-03-14T16:00:00.000Z" stale="2031-03-14T16:06:15.000Z" '
    'access="Undefined"><point lat="-37.5" lon="-114.1" hae="9999999.0" ce="9999999.0" le="9999999.0"/><detail>'
    '<takv os="30" version="4.5" device="X" platform="ATAK"/><contact endpoint="*:-1:stcp" callsign="ONE"/>'
    '<uid Droid="ONE"/><__group role="Team Member" name="Cyan"/><status battery="80"/>'
    '<track course="12.5" speed="0.0"/></detail></event>'
)
OF_A_BRIDGE = (
    '<event version="2.0" uid="S-7" type="a-n-A-C-F" how="m-g" time="2031-03-14T16:00:00Z" '
    'start="2031-03-14T16:00:00Z" stale="2031-03-14T16:01:00Z">\n  <point lat="1.5" lon="-2.5" hae="304.8" ce="1" '
    'le="1" />\n  <detail>\n    <track speed="100" course="359.9" />\n    <remarks>on its way</remarks>\n  </detail>'
    "\n</event>"
)
OF_OURS = cot.encode(cot.pong_event("t-x-c-t-r", 1_931_270_400_000_000, 1_931_270_400_000_001)).decode()


@pytest.mark.parametrize("text", [OF_ATAK, OF_A_BRIDGE, OF_OURS])
def test_what_senders_write_is_plain(text: str) -> None:
    found = cot_plain.read(text, 0)
    assert found is not None
    assert found[0] == cot.parse_event(text.strip().encode())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('uid="S-7"', 'uid="S-7" uid="S-8"'),
        ('speed="100"', 'speed="100" speed="2"'),
        ('speed="100"', 'speed="fast"'),
        ('speed="100"', 'speed="-1"'),
        ('lat="1.5"', 'lat="91"'),
        ('hae="304.8"', 'hae="50001"'),
        ('hae="304.8" ', ""),
        ("<remarks>", '<remarks a="1" a="2">'),
        ("<remarks>", "<track/><remarks>"),
        ("16:01:00Z", "16:61:00Z"),
    ],
)
def test_what_is_refused_is_never_read_at_once(old: str, new: str) -> None:
    text = OF_A_BRIDGE.replace(old, new, 1)
    assert text != OF_A_BRIDGE
    assert cot_plain.read(text, 0) is None
    with pytest.raises(WireError):
        cot.parse_event(text.encode())
