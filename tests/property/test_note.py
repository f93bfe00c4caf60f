"""Signed notes and checkpoints: round trips, and every single changed byte refused."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.base.errors import WireError
from watchfloor.record.note import Checkpoint, VerifierKey, open_note, parse_checkpoint, sign_note

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = VerifierKey("watchfloor/room-1", PRIVATE.public_key().public_bytes_raw())


@given(st.integers(0, 10**15), st.binary(min_size=32, max_size=32))
def test_a_checkpoint_comes_back_from_its_note(size: int, root: bytes) -> None:
    checkpoint = Checkpoint(KEY.name, size, root)
    note = sign_note(checkpoint.text(), KEY, PRIVATE.sign)
    assert parse_checkpoint(open_note(note, KEY)) == checkpoint


def test_every_changed_byte_of_a_note_is_refused() -> None:
    note = sign_note(Checkpoint(KEY.name, 7, bytes(32)).text(), KEY, PRIVATE.sign).encode()
    for place in range(len(note)):
        changed = bytearray(note)
        changed[place] ^= 1
        try:
            text = bytes(changed).decode()
        except UnicodeDecodeError:
            continue
        with pytest.raises(WireError):
            open_note(text, KEY)


def test_a_verifier_key_line_comes_back_and_no_changed_one_does() -> None:
    line = KEY.line()
    assert VerifierKey.from_line(line) == KEY
    for place in range(len(line)):
        changed = line[:place] + chr(ord(line[place]) ^ 1) + line[place + 1 :]
        with pytest.raises(WireError):
            VerifierKey.from_line(changed)


def test_the_key_id_is_the_one_that_the_specification_defines() -> None:
    # From the Go module proxy's published key: sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8
    line = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert VerifierKey.from_line(line).line() == line


@pytest.mark.parametrize("text", ["a\n1\nAA==\n", "a\n01\n" + "A" * 43 + "=\n", "\n1\n" + "A" * 43 + "=\n", "a\n1\n"])
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(WireError):
        parse_checkpoint(text)
