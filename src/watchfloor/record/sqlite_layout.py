"""How the record lies in its SQLite file, so that every byte of the file has one allowed value.

SQLite leaves stale bytes behind when an inner page of a b-tree splits. So the rows are rolled into segments, each a
table whose root page never fills; all else is append-only with `secure_delete`, and every unused byte stays zero.

| what | value | why |
|---|---|---|
| page | 16,384 bytes | a segment of 1,600 rows fits one root page of 10-byte cells |
| segment n | table `s<n>`, rows 1,600 n to 1,600 n + 1,599 by `seq` | created in the transaction that first needs it |
| row | `seq`, the entry's bytes, and on a batch's last row the checkpoint | one b-tree grows per commit |
| application id | 0x57464C31 (`WFL1`), user version 1 | other files are refused |
| capacity | 350,000 entries | the schema must stay on page 1 |

**Source**: SQLite file format, sqlite.org/fileformat2.html; stale bytes measured with 3.40 and 3.51.
"""

PAGE_BYTES = 16_384
SEGMENT_ROWS = 1_600
APPLICATION_ID = 0x57464C31
USER_VERSION = 1
MAX_ENTRIES = 350_000


def table_of(seq: int) -> str:
    """The segment table that holds an entry."""
    return f"s{seq // SEGMENT_ROWS}"


def schema_of(table: str) -> str:
    """The statement that creates a segment; the file stores it letter by letter."""
    return f"CREATE TABLE {table}(seq INTEGER PRIMARY KEY,entry BLOB,note BLOB)"
