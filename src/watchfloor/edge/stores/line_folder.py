"""A folder of one line: our keys, what the other party offered, and whether people compared both by voice.

| file | holds |
|---|---|
| `line.json` | which line, who we are, where it listens or connects to, both offers, whether it was opened |
| `key` | our private key of the line (Ed25519, hex), readable by its owner only |
| `tls.key`, `tls.pem` | our key and certificate of its connection |

Nothing of it is secret to the other party but the two private keys, which never leave the folder.
**Source**: own reasoning. The digits are of both offers through scrypt (RFC 7914), so that nobody can look for other
keys with the same digits: each side shows one half, and takes the other half as it was heard.
"""

import ssl
from datetime import UTC, datetime
from hashlib import scrypt
from pathlib import Path
from typing import Annotated

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID
from msgspec import Meta, Struct
from msgspec.structs import replace

from watchfloor.base.errors import InputError, UnavailableError
from watchfloor.edge.stores.disk import write_durably
from watchfloor.edge.stores.folder import FileKey, key_in, make_key
from watchfloor.messages.acts import Ident
from watchfloor.messages.canonical import canonical_bytes
from watchfloor.messages.line import LineParty
from watchfloor.messages.line_record import LineKind

HALF_DIGITS = 20
_GROUP = 5
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
_MOST_OFFER_BYTES, _HIGHEST_PORT = 8_000, 65_535


LineId = Annotated[str, Meta(pattern=r"^(air|ground|commander)-[0-9a-z]{1,16}$")]


class LineOffer(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What one party gives to the other, on any way: who it is, its public key and its certificate. Not secret."""

    line_id: LineId
    line: LineKind
    party: Ident
    public_key: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    certificate: Annotated[str, Meta(max_length=4_000)]
    address: Annotated[str, Meta(pattern=r"^([^\s:]+:[0-9]{1,5})?$")] = ""


class LineFile(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`line.json`. The party that invited listens, the other connects.

    `room_id`: the room whose record this line is in; none, until a room opened it.
    """

    ours: LineOffer
    theirs: LineOffer | None = None
    listen: str = ""
    invited: bool = False
    opened: bool = False
    room_id: str = ""

    def parties(self) -> tuple[LineParty, LineParty]:
        """Both parties with their keys, in the order of their names."""
        one, other = sorted((self.ours, _need(self.theirs)), key=lambda offer: offer.party)
        return LineParty(one.party, one.public_key), LineParty(other.party, other.public_key)


class LineFolder:
    """The folder of one line."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def begin(
        self, line_id: str, line: LineKind, party: str, *, listen: str = "", address: str = "", invited: bool = False
    ) -> LineFile:
        """Make the folder and our keys.

        **Raises**: InputError, when there is a line already; UnavailableError, when it cannot be written.
        """
        if (self.path / "line.json").exists():
            raise InputError(f"`{self.path}` holds a line already; each line has a folder of its own", field="FOLDER")
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            key = make_key(self.path / "key", party)
            certificate = self._make_certificate(party)
            offer = LineOffer(
                line_id=line_id,
                line=line,
                party=party,
                public_key=key.key.public.hex(),
                certificate=certificate,
                address=address,
            )
            held = LineFile(ours=offer, listen=listen, invited=invited)
            self._write(held)
        except OSError as error:
            raise UnavailableError(f"`{self.path}` cannot be written: {error.strerror}") from error
        return held

    def _make_certificate(self, party: str) -> str:
        """A certificate of the connection, pinned by the other party, so that its dates and names tell nothing."""
        private = Ed25519PrivateKey.generate()
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, party)])
        built = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(_FIRST)
            .not_valid_after(_LAST)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(private, None)
        )
        raw = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        write_durably(self.path / "tls.key", raw)
        pem = built.public_bytes(serialization.Encoding.PEM)
        write_durably(self.path / "tls.pem", pem)
        return pem.decode()

    def read(self) -> LineFile:
        """What the folder holds.

        **Raises**: InputError, when it is no line's.
        """
        path = self.path / "line.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=LineFile)
        except OSError as error:
            raise InputError(
                f"`{self.path}` holds no line; begin with `watchfloor line invite` or `accept`", field="FOLDER"
            ) from error
        except msgspec.MsgspecError as error:
            raise InputError(f"{path}: {error}", field="FOLDER") from error

    def is_open(self) -> bool:
        """Whether it holds a line that people opened."""
        try:
            return self.read().opened
        except InputError:
            return False

    def accept(self, offer: LineOffer) -> LineFile:
        """Hold what the other party offers; what people compared before counts no more.

        **Raises**: InputError, when it is our own, or of another line.
        """
        held = self.read()
        if (offer.line_id, offer.line) != (held.ours.line_id, held.ours.line):
            raise InputError("the answer is of another line than the invitation", field="OFFER")
        if offer.party == held.ours.party or offer.public_key == held.ours.public_key:
            raise InputError("this is our own offer; the other party's is needed", field="OFFER")
        certificate_of(offer)
        held = replace(held, theirs=offer, opened=False)
        self._write(held)
        return held

    def move(self, address: str) -> None:
        """Have the line listen, or connect, at another address; what people compared does not name one."""
        held = self.read()
        if held.invited:
            held = replace(held, listen=address, ours=replace(held.ours, address=address))
        elif held.theirs is not None:
            held = replace(held, theirs=replace(held.theirs, address=address))
        self._write(held)

    def open(self, heard: str) -> LineFile:
        """Open the line once the other party's half of the digits was heard by voice.

        **Raises**: InputError, when they are not those of both offers as they are held here.
        """
        held = self.read()
        if "".join(filter(str.isdigit, heard)) != digits_of(held)[1]:
            raise InputError(
                "these are not the digits of both keys as they are held here; read them again, and if they still "
                "differ, somebody stands between you: do not use this line",
                field="heard",
            )
        held = replace(held, opened=True)
        self._write(held)
        return held

    def bind(self, room_id: str) -> None:
        """Remember whose record this line is in: said from two records, its numbers would be used twice.

        **Raises**: InputError, when it is in another; UnavailableError, when it cannot be written.
        """
        held = self.read()
        if held.room_id not in ("", room_id):
            raise InputError(
                f"the line in `{self.path}` is in the record of `{held.room_id}`, and goes on only there: name its "
                "data folder with --data. A line for another record needs new keys: `watchfloor line invite`",
                field="line",
            )
        try:
            self._write(replace(held, room_id=room_id))
        except OSError as error:
            raise UnavailableError(f"`{self.path}` cannot be written: {error.strerror}") from error

    def signing_key(self) -> FileKey:
        """Our private key of the line.

        **Raises**: UnavailableError, when the folder does not hold it.
        """
        return key_in(self.path / "key", "line")

    def context(self, held: LineFile) -> ssl.SSLContext:
        """TLS 1.3 with our certificate, which takes theirs and no other."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if held.invited else ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_cert_chain(self.path / "tls.pem", self.path / "tls.key")
        context.load_verify_locations(cadata=_need(held.theirs).certificate)
        return context

    def _write(self, held: LineFile) -> None:
        write_durably(self.path / "line.json", msgspec.json.format(msgspec.json.encode(held), indent=1) + b"\n")


def certificate_of(offer: LineOffer) -> bytes:
    """An offer's certificate in DER.

    **Raises**: InputError, when it is none.
    """
    try:
        held = x509.load_pem_x509_certificate(offer.certificate.encode())
        if held.public_bytes(serialization.Encoding.PEM).decode() != offer.certificate:
            raise InputError("the offer holds more than a certificate", field="OFFER")
        return held.public_bytes(serialization.Encoding.DER)
    except ValueError as error:
        raise InputError("the offer holds no certificate", field="OFFER") from error


def read_offer(path: Path) -> LineOffer:
    """An invitation or an answer, from its file.

    **Raises**: InputError, naming the file, when it is none.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"`{path}` cannot be read: {error.strerror}", field="OFFER") from error
    if len(raw) > _MOST_OFFER_BYTES:
        raise InputError(f"`{path}` is too large for an offer", field="OFFER")
    try:
        offer = msgspec.json.decode(raw, type=LineOffer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path}: {error}", field="OFFER") from error
    if offer.address and not 0 < int(offer.address.rpartition(":")[2]) <= _HIGHEST_PORT:
        raise InputError(f"`{offer.address}` names no port", field="OFFER")
    certificate_of(offer)
    return offer


def digits_of(held: LineFile) -> tuple[str, str]:
    """The half of the digits that we read out, and the half that we must hear."""
    first, second = (held.ours, _need(held.theirs)) if held.invited else (_need(held.theirs), held.ours)
    text = canonical_bytes(replace(first, address="")) + b"\n" + canonical_bytes(replace(second, address=""))
    number = int.from_bytes(scrypt(text, salt=b"watchfloor line", n=1 << 15, r=8, p=1, maxmem=1 << 26, dklen=32))
    digits = f"{number % 10 ** (2 * HALF_DIGITS):0{2 * HALF_DIGITS}d}"
    halves = digits[:HALF_DIGITS], digits[HALF_DIGITS:]
    return halves if held.invited else (halves[1], halves[0])


def spoken(digits: str) -> str:
    """Digits in groups, as they are read out."""
    return " ".join(digits[place : place + _GROUP] for place in range(0, len(digits), _GROUP))


def _need(offer: LineOffer | None) -> LineOffer:
    if offer is None:
        raise InputError("the other party's answer is missing: `watchfloor line accept FOLDER ANSWER`", field="FOLDER")
    return offer
