"""A TAK data package: what a phone or desktop client imports to connect with its certificate.

| file in the zip | holds |
|---|---|
| `MANIFEST/manifest.xml` | what is inside |
| `certs/watchfloor.pref` | the connection, and where the two stores are |
| `certs/server.p12` | the authority's certificate, as a trust store |
| `certs/client.p12` | the client's key and certificate |

Both stores have one password, which is told apart from the file.
**Source**: TAK's mission package manifest, version 2, and preference file as ATAK and WinTAK import them. The stores
are encrypted as RFC 7292's older form (triple DES, SHA-1), because Android's clients read no other; the password guards
them on their way only.
"""

import io
import uuid
import zipfile
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import KeySerializationEncryption, PrivateFormat, pkcs12

from watchfloor.edge.tak.certificates import Invitation

_ROUNDS = 50_000
_BOOLEAN, _STRING, _INTEGER = "class java.lang.Boolean", "class java.lang.String", "class java.lang.Integer"


def data_package(invitation: Invitation, address: str, password: str) -> bytes:
    """The zip. `address` is `host:port`, as the client reaches the room."""
    title = f"watchfloor {invitation.client.name}"
    files: dict[str, str | bytes] = {
        "MANIFEST/manifest.xml": _manifest(title),
        "certs/watchfloor.pref": _preferences(title, address, password),
        "certs/server.p12": trust_store(invitation, password),
        "certs/client.p12": key_store(invitation, password),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
    return packed.getvalue()


def key_store(invitation: Invitation, password: str) -> bytes:
    """The client's key and certificate, PKCS #12."""
    return pkcs12.serialize_key_and_certificates(
        invitation.client.name.encode(), invitation.key, invitation.certificate, [invitation.authority], _by(password)
    )


def trust_store(invitation: Invitation, password: str) -> bytes:
    """The authority's certificate, PKCS #12 with the mark by which Java trusts it."""
    authority = pkcs12.PKCS12Certificate(invitation.authority, b"watchfloor")
    return pkcs12.serialize_java_truststore([authority], _by(password))


def _by(password: str) -> KeySerializationEncryption:
    return (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(_ROUNDS)
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(hashes.SHA1())  # noqa: S303  # see the module's source
        .build(password.encode())
    )


def _manifest(title: str) -> str:
    return (
        '<MissionPackageManifest version="2"><Configuration>'
        f'<Parameter name="uid" value="{uuid.uuid4()}"/><Parameter name="name" value="{escape(title)}"/>'
        '<Parameter name="onReceiveDelete" value="true"/></Configuration><Contents>'
        '<Content ignore="false" zipEntry="certs/watchfloor.pref"/>'
        '<Content ignore="false" zipEntry="certs/server.p12"/><Content ignore="false" zipEntry="certs/client.p12"/>'
        "</Contents></MissionPackageManifest>"
    )


def _preferences(title: str, address: str, password: str) -> str:
    host, _, port = address.rpartition(":")
    streams = (
        ("count", _INTEGER, "1"),
        ("description0", _STRING, title),
        ("enabled0", _BOOLEAN, "true"),
        ("connectString0", _STRING, f"{host}:{port}:ssl"),
    )
    stores = (
        ("caLocation", _STRING, "cert/server.p12"),
        ("caPassword", _STRING, password),
        ("certificateLocation", _STRING, "cert/client.p12"),
        ("clientPassword", _STRING, password),
    )
    parts = (("cot_streams", streams), ("com.atakmap.app_preferences", stores))
    body = "".join(
        f'<preference version="1" name="{name}">'
        + "".join(f'<entry key="{key}" class="{kind}">{escape(value)}</entry>' for key, kind, value in entries)
        + "</preference>"
        for name, entries in parts
    )
    return f"<?xml version='1.0' encoding='UTF-8' standalone='yes'?><preferences>{body}</preferences>"
