"""A process that writes a record and says what was acknowledged, for tests that break its system calls."""

import asyncio
import sys
from pathlib import Path

from tests.support.records import feed_fact, opening
from watchfloor.app.clock import EntryClock
from watchfloor.app.resume import read_past
from watchfloor.app.writer import Input, Writer
from watchfloor.base.errors import WatchfloorError
from watchfloor.edge.recovery import first_key
from watchfloor.edge.stores.folder import DataFolder
from watchfloor.edge.stores.record_log import LogFiles
from watchfloor.record.keys import Signers

COUNT, FILE_BYTES = 12, 3000


async def write(folder: DataFolder, start: int) -> None:
    """Enter facts one by one; each acknowledgement is a line on standard output before the next is entered."""
    signer = folder.begin_key("watchfloor/room-1")
    store = LogFiles(folder.path, FILE_BYTES)
    past = read_past(store, Signers(first_key(folder.path)))
    store.begin(past.edge())
    writer = Writer(store, EntryClock(past.entries[-1].toe_us if past.entries else 0), (signer,), past)
    writer.start()
    for number in range(start, start + COUNT):
        fact = feed_fact(number) if number else opening()
        try:
            await writer.enter(Input("feed:F", f"k-{number}", fact))
        except WatchfloorError as error:
            print(f"refused {number} {error}", flush=True)
        else:
            print(f"ack {number}", flush=True)
    await writer.close()
    store.close()


def main() -> int:
    folder = DataFolder(Path(sys.argv[1]))
    try:
        asyncio.run(write(folder, int(sys.argv[2])))
    except WatchfloorError as error:
        print(f"failed {error}", flush=True)
        return 3
    finally:
        folder.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
