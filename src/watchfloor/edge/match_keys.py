"""The process that holds a match's keys: sets under keys that never leave it, by ECDH private set intersection.

It answers one stage at a time and is gone when the match is over, and its keys with it.
**Source**: openmined-psi (elliptic-curve Diffie-Hellman, both sides semi-honest).
"""

import os
import secrets
from collections.abc import Sequence
from multiprocessing import parent_process
from multiprocessing.connection import wait
from threading import Thread
from typing import Any

from watchfloor.base.errors import UnavailableError, WireError

_PADDING_BYTES = 16
_held: dict[str, Any] = {}


def end_with_parent() -> None:
    """Have this process, and its keys, end when the room does, however that ends."""
    parent = parent_process()
    if parent is not None:
        Thread(target=lambda: (wait([parent.sentinel]), os._exit(0)), daemon=True).start()


def begin(elements: Sequence[str], size: int, *, only_counts: bool) -> tuple[bytes, bytes]:
    """A stage with fresh keys; answers our set under one key, and our question under the other.

    Padding is random, and all of it is shuffled, so that neither count nor order tells anything.
    """
    psi = _psi()
    padded = [*elements, *(f"pad:{secrets.token_hex(_PADDING_BYTES)}" for _ in range(size - len(elements)))]
    secrets.SystemRandom().shuffle(padded)
    client, server = psi.client.CreateWithNewKey(not only_counts), psi.server.CreateWithNewKey(not only_counts)
    setup = server.CreateSetupMessage(1e-9, size, padded, psi.DataStructure.RAW)
    _held.update(client=client, server=server, padded=padded, size=size, only_counts=only_counts)
    return setup.SerializeToString(), client.CreateRequest(padded).SerializeToString()


def answer(raw: bytes) -> bytes:
    """The answer to the other side's question; WireError, when it is none, or not of the agreed size."""
    request = _psi().Request()
    try:
        request.ParseFromString(raw)
        _require(len(request.encrypted_elements) == _held["size"])
        _require(request.reveal_intersection != _held["only_counts"])
        return bytes(_held["server"].ProcessRequest(request).SerializeToString())
    except Exception as error:  # whatever the library says of bytes that are none
        raise _no_part(error) from error


def finish(setup_raw: bytes, response_raw: bytes) -> int | list[str]:
    """What both sets hold: how many, or which of our elements; WireError, when what came is not of the agreed size."""
    psi = _psi()
    setup, response = psi.ServerSetup(), psi.Response()
    try:
        setup.ParseFromString(setup_raw)
        response.ParseFromString(response_raw)
        _require(len(setup.raw.encrypted_elements) == _held["size"])
        _require(len(response.encrypted_elements) == _held["size"])
        if _held["only_counts"]:
            return int(_held["client"].GetIntersectionSize(setup, response))
        found = _held["client"].GetIntersection(setup, response)
        return sorted(element for element in (_held["padded"][place] for place in found) if element[:4] != "pad:")
    except Exception as error:  # whatever the library says of bytes that are none
        raise _no_part(error) from error


def _require(holds: bool) -> None:
    if not holds:
        raise WireError("it is not of the agreed size or kind")


def _no_part(error: Exception) -> WireError:
    return error if isinstance(error, WireError) else WireError(f"what came is no part of a match: {error}"[:200])


def _psi() -> Any:
    try:
        import private_set_intersection.python as psi  # noqa: PLC0415
    except ImportError as error:
        sentence = "matching needs openmined-psi: pip install 'watchfloor[match]'"
        raise UnavailableError(sentence) from error
    return psi
