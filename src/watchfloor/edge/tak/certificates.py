"""Who may connect to the TLS port: a folder with a certificate authority of its own, and the certificates it gave.

| file | holds |
|---|---|
| `ca.pem`, `ca.key` | the authority that signs clients and the server; the key is readable by its owner only |
| `server.pem`, `server.key` | the server's certificate |
| `clients.json` | each client's certificate by its SHA-256: seat, serial number, until when, whether revoked |

A certificate lets its holder see what a seat may see, and nothing else: no act, no signature. One that is not listed,
is revoked or has run out is refused, whoever signed it.
**Source**: X.509 by RFC 5280; keys are RSA, which every TAK client reads.
"""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import msgspec
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct
from msgspec.structs import replace

from watchfloor.base.errors import InputError
from watchfloor.edge.stores.disk import write_durably

_log = structlog.get_logger()
CA_DAYS, CERTIFICATE_DAYS = 3650, 90
_KEY_BITS = 2048


class TakClient(Struct, frozen=True):
    """A certificate that was given: to a seat, under a name, until when (UTC seconds)."""

    fingerprint: str
    serial: str
    seat_id: str
    name: str
    until_s: int
    revoked: bool = False


class Invitation(Struct, frozen=True):
    """What a client needs: its key and certificate, and the authority's certificate."""

    client: TakClient
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    authority: x509.Certificate


class TakClients:
    """The folder; made with its authority when the first client is invited."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._listed: dict[str, TakClient] = {}
        self._read_ns = -1

    def exists(self) -> bool:
        """Whether an authority is there."""
        return (self._folder / "ca.pem").is_file()

    def invite(self, seat_id: str, name: str, hosts: tuple[str, ...], now: datetime) -> Invitation:
        """A new certificate for a seat's TAK client.

        **Args**: `hosts`: names and addresses under which clients reach the server, beside this machine's own.
        """
        authority, signing = self._authority(now)
        self._serve_as(("localhost", "127.0.0.1", *hosts), authority, signing, now)
        key = rsa.generate_private_key(65537, _KEY_BITS)
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, name[:64]),
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, (seat_id or "viewer")[:64]),
            ]
        )
        builder = _builder(subject, key.public_key(), now, CERTIFICATE_DAYS).issuer_name(authority.subject)
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        certificate = builder.add_extension(usage, critical=False).sign(signing, hashes.SHA256())
        client = TakClient(
            fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
            serial=f"{certificate.serial_number:x}",
            seat_id=seat_id,
            name=name,
            until_s=int(certificate.not_valid_after_utc.timestamp()),
        )
        self._write({**self._read(), client.fingerprint: client})
        return Invitation(client, key, certificate, authority)

    def revoke(self, serial: str) -> TakClient:
        """Let a certificate count no more, from now on and where it is connected.

        **Raises**: InputError, when there is none with this serial number.
        """
        held = self._read()
        known = next((client for client in held.values() if client.serial == serial.lower()), None)
        if known is None:
            raise InputError(f"no certificate with the serial number `{serial}`; `watchfloor tak list`", field="SERIAL")
        gone = replace(known, revoked=True)
        self._write({**held, gone.fingerprint: gone})
        return gone

    def listed(self) -> list[TakClient]:
        """All certificates that were given, the newest last."""
        return list(self._read().values())

    def find(self, fingerprint: str, now: datetime) -> TakClient | None:
        """The client with this certificate; None, when it may not connect.

        **Fails safe**: while the list cannot be read, nobody may.
        """
        try:
            client = self._read().get(fingerprint)
        except InputError as error:
            _log.error("TAK clients are turned away", reason=str(error))
            return None
        return client if client is not None and not client.revoked and now.timestamp() < client.until_s else None

    def context(self) -> ssl.SSLContext:
        """TLS that asks every client for a certificate of this authority.

        **Raises**: InputError, when nobody was invited yet.
        """
        if not self.exists():
            raise InputError(f"`{self._folder}` invites nobody yet; `watchfloor tak invite`", field="tak")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self._folder / "server.pem", self._folder / "server.key")
        context.load_verify_locations(self._folder / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _read(self) -> dict[str, TakClient]:
        path = self._folder / "clients.json"
        try:
            changed_ns = path.stat().st_mtime_ns
            if changed_ns != self._read_ns:
                self._listed = msgspec.json.decode(path.read_bytes(), type=dict[str, TakClient])
                self._read_ns = changed_ns
        except FileNotFoundError:
            self._listed = {}
        except (OSError, msgspec.MsgspecError) as error:
            raise InputError(f"`{path}` cannot be read: {error}", field="tak") from error
        return self._listed

    def _write(self, clients: dict[str, TakClient]) -> None:
        write_durably(self._folder / "clients.json", msgspec.json.format(msgspec.json.encode(clients)))
        self._listed, self._read_ns = clients, -1

    def _authority(self, now: datetime) -> tuple[x509.Certificate, rsa.RSAPrivateKey]:
        certificate_path, key_path = self._folder / "ca.pem", self._folder / "ca.key"
        if self.exists():
            key = serialization.load_pem_private_key(key_path.read_bytes(), None)
            if not isinstance(key, rsa.RSAPrivateKey):
                raise InputError(f"`{key_path}` is no RSA key", field="tak")
            return x509.load_pem_x509_certificate(certificate_path.read_bytes()), key
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = rsa.generate_private_key(65537, _KEY_BITS)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "watchfloor TAK clients")])
        builder = _builder(name, key.public_key(), now, CA_DAYS).issuer_name(name)
        certificate = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(
            key, hashes.SHA256()
        )
        write_durably(key_path, _key_pem(key))
        write_durably(certificate_path, certificate.public_bytes(serialization.Encoding.PEM))
        return certificate, key

    def _serve_as(
        self, hosts: tuple[str, ...], authority: x509.Certificate, signing: rsa.RSAPrivateKey, now: datetime
    ) -> None:
        """See that the server's certificate names these hosts, beside those it named before, and has time left."""
        path = self._folder / "server.pem"
        names = [_general_name(host) for host in dict.fromkeys(hosts)]
        if path.is_file():
            held = x509.load_pem_x509_certificate(path.read_bytes())
            known = list(held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
            if set(names) <= set(known) and held.not_valid_after_utc > now + timedelta(days=CERTIFICATE_DAYS):
                return
            names = list(dict.fromkeys((*known, *names)))
        key = rsa.generate_private_key(65537, _KEY_BITS)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "watchfloor")])
        builder = _builder(subject, key.public_key(), now, 2 * CERTIFICATE_DAYS).issuer_name(authority.subject)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        certificate = builder.add_extension(usage, critical=False).sign(signing, hashes.SHA256())
        write_durably(self._folder / "server.key", _key_pem(key))
        write_durably(path, certificate.public_bytes(serialization.Encoding.PEM))


def _builder(subject: x509.Name, key: rsa.RSAPublicKey, now: datetime, days: int) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=days))
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def utc_now() -> datetime:
    """Now, with its zone."""
    return datetime.now(UTC)
