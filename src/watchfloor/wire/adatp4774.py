"""Labels as confidentiality metadata, bound to what they mark.

| ours | theirs |
|---|---|
| level | `Classification`: OPEN, RESTRICTED, SECRET, in the policy that is named |
| nations | `Category` PERMISSIVE `Releasable To`, a value each: any one of them; `NONE` where it is for nobody |
| need to know | `Category` RESTRICTIVE `Need To Know`, a value each: all of them |
| the room's context | `PrivacyMark`: EXERCISE and the like |

A label says when it must be looked at again, for it has no successor. Categories stand in the order above.
**Source**: ADatP-4774 (confidentiality metadata label, 1:0) and ADatP-4778 (binding information, 1:0), by their public
schemas; the category for need to know is our own, as the standard leaves tag names to a policy.
"""

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from msgspec import Struct

from watchfloor.base.instants import rfc3339_from_us
from watchfloor.base.labels import Label

LABEL_NAMESPACE = "urn:nato:stanag:4774:confidentialitymetadatalabel:1:0"
BINDING_NAMESPACE = "urn:nato:stanag:4778:bindinginformation:1:0"
NOBODY = "NONE"
RELEASABLE_TO, NEED_TO_KNOW = "Releasable To", "Need To Know"


class Policy(Struct, frozen=True):
    """The policy under which labels are read: its name, its URI, and the mark of the room's context."""

    name: str
    uri: str
    mark: str


class Bound(Struct, frozen=True):
    """Items with one label: since when it holds, when it is looked at again, and the items' relative URIs."""

    label: Label
    created_us: int
    review_us: int
    uris: tuple[str, ...]


def encode_bindings(bound: Iterable[Bound], policy: Policy, originator: str) -> Iterable[str]:
    """The lines of a binding document.

    **Args**: `originator`: a URI that says whose labels these are.
    """
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<mb:BindingInformation xmlns:mb="{BINDING_NAMESPACE}" xmlns:slab="{LABEL_NAMESPACE}">'
    yield " <mb:MetadataBindingContainer>"
    for number, one in enumerate(bound, 1):
        yield f'  <mb:MetadataBinding Id="label-{number}">'
        yield "   <mb:Metadata>"
        yield from _label(one, policy, originator)
        yield "   </mb:Metadata>"
        for uri in one.uris:
            yield f"   <mb:DataReference URI={quoteattr(uri)}/>"
        yield "  </mb:MetadataBinding>"
    yield " </mb:MetadataBindingContainer>"
    yield "</mb:BindingInformation>"


def _label(one: Bound, policy: Policy, originator: str) -> Iterable[str]:
    review = quoteattr(rfc3339_from_us(one.review_us))
    yield f"    <slab:originatorConfidentialityLabel ReviewDateTime={review}>"
    yield "     <slab:ConfidentialityInformation>"
    yield f"      <slab:PolicyIdentifier URI={quoteattr(policy.uri)}>{escape(policy.name)}</slab:PolicyIdentifier>"
    yield f"      <slab:Classification>{one.label.level.name}</slab:Classification>"
    yield f"      <slab:PrivacyMark>{escape(policy.mark)}</slab:PrivacyMark>"
    yield from _category("PERMISSIVE", RELEASABLE_TO, one.label.nations)
    if one.label.need_to_know:
        yield from _category("RESTRICTIVE", NEED_TO_KNOW, one.label.need_to_know)
    yield "     </slab:ConfidentialityInformation>"
    yield f'     <slab:OriginatorID IDType="uniformResourceIdentifier">{escape(originator)}</slab:OriginatorID>'
    yield f"     <slab:CreationDateTime>{rfc3339_from_us(one.created_us)}</slab:CreationDateTime>"
    yield "    </slab:originatorConfidentialityLabel>"


def _category(kind: str, tag: str, values: tuple[str, ...]) -> Iterable[str]:
    yield f'      <slab:Category Type="{kind}" TagName="{tag}">'
    for value in values or (NOBODY,):
        yield f"       <slab:GenericValue>{escape(value)}</slab:GenericValue>"
    yield "      </slab:Category>"
