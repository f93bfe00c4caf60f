"""Labels as ADatP-4774: read back by another reader they are the same labels, in the order that the schema has."""

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.test_labels import labels
from watchfloor.base.labels import Label, Level
from watchfloor.wire.adatp4774 import BINDING_NAMESPACE, LABEL_NAMESPACE, Bound, Policy, encode_bindings

SLAB, MB = f"{{{LABEL_NAMESPACE}}}", f"{{{BINDING_NAMESPACE}}}"
POLICY = Policy("Example & <Co>", "urn:example:policy", "EXERCISE")


def read_back(text: str) -> list[tuple[Label, list[str]]]:
    """The labels of a binding document and what each is bound to, by the standard library's own reader."""
    found = []
    for binding in ET.fromstring(text).iter(f"{MB}MetadataBinding"):
        metadata, *references = list(binding)
        label = metadata[0]
        assert [part.tag.removeprefix(SLAB) for part in label] == [
            "ConfidentialityInformation",
            "OriginatorID",
            "CreationDateTime",
        ]
        policy, level, mark, *categories = list(label[0])
        assert (policy.text, mark.text) == ("Example & <Co>", "EXERCISE")
        values = {(one.get("Type"), one.get("TagName")): tuple(value.text or "" for value in one) for one in categories}
        nations = values.pop(("PERMISSIVE", "Releasable To"))
        groups = values.pop(("RESTRICTIVE", "Need To Know"), ())
        assert not values
        nations = () if nations == ("NONE",) else nations
        found.append((Label(Level[level.text or ""], nations, groups), [one.get("URI") or "" for one in references]))
    return found


@given(st.lists(st.tuples(labels, st.lists(st.text("ab/#<&\"' 0", min_size=1), min_size=1, max_size=3)), max_size=4))
def test_labels_are_read_back_the_same(marked: list[tuple[Label, list[str]]]) -> None:
    bound = [Bound(label, 1_790_000_000_000_000, 1_990_000_000_000_000, tuple(uris)) for label, uris in marked]
    assert read_back("\n".join(encode_bindings(bound, POLICY, "urn:watchfloor:r"))) == marked


def test_a_label_says_when_it_was_made_and_when_it_is_looked_at_again() -> None:
    bound = Bound(Label(Level.SECRET, ("ALD",)), 1_931_270_400_000_000, 1_990_000_000_000_000, ("a",))
    label = next(ET.fromstring("\n".join(encode_bindings([bound], POLICY, "urn:x"))).iter(f"{MB}Metadata"))[0]
    assert label.get("ReviewDateTime", "").startswith("2033-01-22T")
    assert label[2].text == "2031-03-14T16:00:00.000Z"
