"""What a radar measured of an aircraft with a name is on tape as such, and no word of the aircraft."""

from watchfloor.base.labels import label_for
from watchfloor.messages.air import Accuracy, Observation, ObservationBatch
from watchfloor.record.pseudonyms import Pseudonyms
from watchfloor.record.tape_pictures import ObservationRows

NOW_US = 1_931_270_400_000_000


def test_an_echo_has_a_name_of_its_own_and_the_pseudonym_of_its_aircraft() -> None:
    rows = ObservationRows()
    said = Observation(identity="icao:4b1234", toa_us=NOW_US, lat_deg=47.0, lon_deg=8.0)
    echo = Observation(
        identity="icao:4b1234", toa_us=NOW_US, lat_deg=47.01, lon_deg=8.0, accuracy=Accuracy(0.0, 60.0, 120.0)
    )
    plot = Observation(
        identity="plot:25/201", toa_us=NOW_US, lat_deg=47.02, lon_deg=8.0, accuracy=Accuracy(0.0, 60.0, 120.0)
    )
    label = label_for(("ALD",))
    rows.add(ObservationBatch(feed_id="RA", tor_us=NOW_US, label=label, observations=(said, echo, plot)))
    names = rows.take(NOW_US).head.names
    assert [name.identity for name in names] == ["icao:4b1234", "echo:icao:4b1234", "plot:25/201"]
    one, other, _ = (Pseudonyms(bytes(32)).of(name) for name in names)
    assert other.identity == "echo:" + one.identity
    assert "4b1234" not in other.identity
