"""Signatures of security keys: what OpenSSH itself takes and refuses, and what is refused beyond that."""

import base64
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.passkeys import PRESENT, SecurityKey
from watchfloor.record.ssh_key import security_key, ssh_fault_of, unarmoured

MESSAGE = b"watchfloor act\n2\n{}\nanswer: yes"
KEYS = [SecurityKey(), SecurityKey(ecdsa=True)]
by_kind = pytest.mark.parametrize("key", KEYS, ids=("ed25519", "ecdsa"))


@by_kind
def test_openssh_agrees_about_each_signature(key: SecurityKey, tmp_path: Path) -> None:
    openssh = shutil.which("ssh-keygen")
    if openssh is None:
        pytest.skip("no ssh-keygen here to compare with")
    allowed = tmp_path / "allowed"
    allowed.write_text(f"person {key.public_line()}\n")
    for flags, message, namespace in (
        (PRESENT | 4, MESSAGE, b"watchfloor"),
        (PRESENT, MESSAGE, b"watchfloor"),
        (PRESENT | 4, b"other", b"watchfloor"),
        (PRESENT | 4, MESSAGE, b"file"),
    ):
        signature = tmp_path / "sig"
        signature.write_text(key.armoured(message, flags=flags, namespace=namespace))
        words = [openssh, "-Y", "verify", "-f", str(allowed), "-I", "person", "-n", "watchfloor", "-s", str(signature)]
        theirs = subprocess.run(words, input=MESSAGE, capture_output=True, check=False)
        ours = ssh_fault_of(unarmoured(signature.read_text()), key.blob, MESSAGE)
        assert (ours in (None, "the person was not verified")) == (theirs.returncode == 0), (flags, ours, theirs.stderr)


@by_kind
def test_whatever_is_off_is_named(key: SecurityKey) -> None:
    other = SecurityKey()
    for blob, public, said in (
        (key.sign(MESSAGE, flags=PRESENT), key.blob, "not verified"),
        (key.sign(MESSAGE, flags=4), key.blob, "nobody was present"),
        (key.sign(MESSAGE + b"!"), key.blob, "another document"),
        (key.sign(MESSAGE, namespace=b"git"), key.blob, "made for `git`"),
        (key.sign(MESSAGE), other.blob, "another key"),
        (b"SSHSIG", key.blob, "not readable"),
        (key.sign(MESSAGE) + b"x", key.blob, "not readable"),
    ):
        fault = ssh_fault_of(blob, public, MESSAGE)
        assert fault is not None
        assert said in fault
    assert ssh_fault_of(key.sign(MESSAGE), key.blob, MESSAGE) is None


def test_a_key_without_a_token_is_refused() -> None:
    plain = b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20" + bytes(32)
    with pytest.raises(ValueError, match="no key of a security token"):
        security_key(plain)


@given(st.integers(0, 400), st.integers(1, 255))
def test_no_changed_byte_is_taken(place: int, change: int) -> None:
    for key in KEYS:
        blob = bytearray(key.sign(MESSAGE))
        blob[place % len(blob)] ^= change
        assert ssh_fault_of(bytes(blob), key.blob, MESSAGE) is not None


@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_read_without_a_fault_of_ours(raw: bytes) -> None:
    assert ssh_fault_of(raw, raw, MESSAGE) is not None
    assert ssh_fault_of(raw, KEYS[0].blob, MESSAGE) is not None


def test_armour_that_is_none_is_refused() -> None:
    begin, end = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
    for text in ("", f"{begin}\n!!\n{end}", f"{begin}\n{end}", base64.b64encode(MESSAGE).decode()):
        with pytest.raises(ValueError, match=r"."):
            unarmoured(text)
