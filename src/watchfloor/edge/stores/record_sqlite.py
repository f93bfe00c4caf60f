"""The record's file through SQLite: append-only segments, one transaction a batch, durable before it answers."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from watchfloor.base.errors import UnavailableError
from watchfloor.record.sqlite_layout import (
    APPLICATION_ID,
    MAX_ENTRIES,
    PAGE_BYTES,
    SEGMENT_ROWS,
    USER_VERSION,
    schema_of,
    table_of,
)

ENGINE_VERSION = int("{:d}{:03d}{:03d}".format(*sqlite3.sqlite_version_info))
_WAL_LIMIT_BYTES = 8 << 20
_PRAGMAS = (
    "locking_mode=exclusive",  # first: once the log is open without it, a shared index file is made
    f"page_size={PAGE_BYTES}",
    "auto_vacuum=none",
    "secure_delete=on",
    "journal_mode=wal",
    "synchronous=full",
    "wal_autocheckpoint=0",
    "cache_spill=off",
)


class SqliteRecord:
    """The EntryStore on SQLite. Calls after opening come from one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._batch_bytes = 0
        try:
            self._base = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            for pragma in _PRAGMAS:
                self._base.execute(f"PRAGMA {pragma}")
            fresh = self._base.execute("PRAGMA user_version").fetchone()[0] == 0
            if fresh:
                self._base.execute("BEGIN IMMEDIATE")
                self._base.execute(f"PRAGMA application_id={APPLICATION_ID}")
                self._base.execute(f"PRAGMA user_version={USER_VERSION}")
                self._base.execute(schema_of(table_of(0)))
                self._base.execute("COMMIT")
            self._base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._size = sum(1 for _ in self.entries())
        except sqlite3.Error as error:
            raise UnavailableError(f"`{path}` cannot be opened: {error}") from error

    def append(self, entries: Sequence[bytes], checkpoint: str) -> None:
        """Make a batch durable with the checkpoint over it.

        **Raises**: UnavailableError, when the disk refuses or the record is full; nothing of the batch stays.
        """
        if self._size + len(entries) > MAX_ENTRIES:
            raise UnavailableError(f"the record holds {MAX_ENTRIES} entries; start a new folder")
        try:
            self._base.execute("BEGIN IMMEDIATE")
            for place, raw in enumerate(entries):
                seq = self._size + place
                if seq % SEGMENT_ROWS == 0 and seq:
                    self._base.execute(schema_of(table_of(seq)))
                note = checkpoint.encode() if place == len(entries) - 1 else None
                self._base.execute(f"INSERT INTO {table_of(seq)} VALUES(?,?,?)", (seq, raw, note))
            self._base.execute("COMMIT")
        except sqlite3.Error as error:
            self._abandon()
            raise UnavailableError(f"`{self._path}`: {error}") from error
        self._size += len(entries)
        self._batch_bytes += sum(len(raw) for raw in entries) + 2 * PAGE_BYTES
        if self._batch_bytes > _WAL_LIMIT_BYTES:
            self._batch_bytes = 0
            self._fold_wal()

    def _abandon(self) -> None:
        try:
            if self._base.in_transaction:
                self._base.execute("ROLLBACK")
        except sqlite3.Error:
            self._base.close()

    def _fold_wal(self) -> None:
        """Carry the write-ahead log into the file; a failure leaves the log, which is as durable."""
        try:
            self._base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error:
            return

    def entries(self) -> Iterator[bytes]:
        """All entries in order."""
        for table in self._tables():
            for (raw,) in self._base.execute(f"SELECT entry FROM {table} ORDER BY seq"):
                yield raw

    def _tables(self) -> list[str]:
        return [row[0] for row in self._base.execute("SELECT name FROM sqlite_schema ORDER BY rowid")]

    def newest_checkpoint(self) -> str | None:
        """The note beside the newest entry."""
        for table in reversed(self._tables()):
            found = self._base.execute(
                f"SELECT note FROM {table} WHERE note IS NOT NULL ORDER BY seq DESC LIMIT 1"
            ).fetchone()
            if found:
                return bytes(found[0]).decode()
        return None

    def close(self) -> None:
        """Fold the write-ahead log in and close the file."""
        self._fold_wal()
        self._base.close()
