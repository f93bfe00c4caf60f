"""Offline verification of 10,000 passkey confirmations, with `cryptography` alone: ES256, as phones sign."""

import argparse
import sys
import time
from pathlib import Path

import msgspec
from _figures import absolute, calibration_s, tell

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.support.passkeys import SoftwareAuthenticator

from watchfloor.app.passkeys import Registration, enrol
from watchfloor.messages.passkeys import Assertion, Passkey
from watchfloor.record.passkey import fault_of

COUNT, PERSONS, ROUNDS = 10_000, 20, 7
ORIGIN = "http://localhost:8300"


def made() -> list[tuple[Assertion, Passkey, str]]:
    """Confirmations of different documents by several persons."""
    found = []
    held = [SoftwareAuthenticator(ORIGIN) for _ in range(PERSONS)]
    passkeys = [enrol(Registration(**one.enrol(b"text")), b"text", "localhost", (ORIGIN,)) for one in held]
    for number in range(COUNT):
        document = f'{{"act":{number},"words":"{"as advised " * 20}"}}'
        told = held[number % PERSONS].confirm(document, "answer: yes\nlawful and valid: as advised")
        found.append((msgspec.convert(told, Assertion), passkeys[number % PERSONS], document))
    return found


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    confirmations = made()
    spent, calibrations = [], [calibration_s()]
    for _ in range(ROUNDS):
        start = time.perf_counter()
        assert all(fault_of(told, passkey, document) is None for told, passkey, document in confirmations)
        spent.append(time.perf_counter() - start)
        calibrations.append(calibration_s())
    load = f"{COUNT:,} ES256 confirmations of {PERSONS} persons, one process"
    words = {"unit": "s", "better": "lower", "goal": 5, "load": load}
    tell(absolute("offline verification of signatures", spent, calibrations, **words), as_json=as_json)


if __name__ == "__main__":
    main()
