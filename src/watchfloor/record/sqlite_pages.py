"""Reads a record's SQLite file from its bytes and accounts for each of them, without SQLite.

Every page is reached exactly once; in every page each byte is part of a header, a pointer, a cell or zero.
**Source**: sqlite.org/fileformat2.html, sections 1 and 2.
"""

import struct
from collections.abc import Callable, Iterator

from watchfloor.base.errors import IntegrityError
from watchfloor.record.sqlite_layout import (
    APPLICATION_ID,
    PAGE_BYTES,
    SEGMENT_ROWS,
    USER_VERSION,
    schema_of,
)
from watchfloor.record.sqlite_wal import Wal

_LOCK_PAGE = 0x40000000 // PAGE_BYTES + 1
_FILE_HEADER = struct.Struct(">16sHBBBBBBIIIIIIIIIIII20sII")
_INTERIOR, _LEAF = 5, 13
_MAX_DEPTH = 20

PageOf = Callable[[int], bytes]
Row = tuple[int, bytes, bytes | None]
Cell = tuple[int, int, int, int, int]


def _need(holds: bool, what: str) -> None:
    if not holds:
        raise IntegrityError(f"record.sqlite: {what}")


class PageReader:
    """The rows of a record's file; reading them all proves the file's form.

    `engine_version` is the SQLite version that wrote last, as the file states it.
    **Raises**: IntegrityError, naming page and fault, at the first byte that has no allowed place.
    """

    def __init__(self, page_of: PageOf, page_count: int) -> None:
        self._page_of, self._page_count = page_of, page_count
        self._unreached = set(range(1, page_count + 1))
        if page_count >= _LOCK_PAGE:
            self._unreached.discard(_LOCK_PAGE)
            _need(_is_zero(page_of(_LOCK_PAGE)), "the lock page is not empty")
        self.cells: set[bytes] = set()
        self.children: dict[int, list[int]] = {}
        schema = list(self._tree(1, 0, [0]))
        self.engine_version = self._check_header(len(schema))
        self.rows: list[Row] = []
        for segment, (row, payload) in enumerate(schema):
            root = _check_schema_row(segment, row, payload)
            low = segment * SEGMENT_ROWS
            for seq, raw in self._tree(root, 0, [low - 1]):
                _need(seq < low + SEGMENT_ROWS, f"row {seq} is outside its segment")
                _need(seq == len(self.rows), f"row {len(self.rows)} is missing; the next is {seq}")
                self.rows.append((seq, *_columns(raw)))
        _need(not self._unreached, f"pages {sorted(self._unreached)[:5]} belong to nothing")

    def _check_header(self, table_count: int) -> int:
        held = _FILE_HEADER.unpack_from(self._page_of(1))
        change, engine = held[8], held[22]
        wanted = (
            *(b"SQLite format 3\0", PAGE_BYTES, 2, 2, 0, 64, 32, 32, change, self._page_count, 0, 0),
            *(table_count, 4 if table_count else held[13], 0, 0, 1, USER_VERSION, 0, APPLICATION_ID),
            *(bytes(20), change, engine),
        )
        different = [place for place, (is_, want) in enumerate(zip(held, wanted, strict=True)) if is_ != want]
        _need(not different, f"the file's header differs in fields {different}")
        return int(engine)

    def _take(self, number: int) -> bytes:
        _need(number in self._unreached, f"page {number} is reached twice or lies outside the file")
        self._unreached.discard(number)
        return self._page_of(number)

    def _tree(self, number: int, depth: int, last: list[int]) -> Iterator[tuple[int, bytes]]:
        """Keys and payloads of a b-tree, in order; `last` is the key before them."""
        _need(depth < _MAX_DEPTH, "a tree is too deep")
        page = self._take(number)
        cells, right = parse_page(page, number)
        _need(depth == 0 or bool(cells), f"page {number} is empty")
        for start, end, key, body, size in cells:
            self.cells.add(page[start:end])
            if right:
                yield from self._tree(int.from_bytes(page[start : start + 4], "big"), depth + 1, last)
                _need(key == last[0], f"page {number} divides at {key}, not at {last[0]}")
            else:
                _need(key > last[0], f"page {number} is out of order at {key}")
                last[0] = key
                yield key, self._payload(page, body, size, end)
        if right:
            self.children[number] = children_of(page, cells, right)
            yield from self._tree(right, depth + 1, last)

    def _payload(self, page: bytes, start: int, size: int, end: int) -> bytes:
        if size == end - start:
            return page[start:end]
        parts = [page[start : end - 4]]
        missing = size - len(parts[0])
        following = int.from_bytes(page[end - 4 : end], "big")
        while missing > 0:
            overflow = self._take(following)
            following, taken = int.from_bytes(overflow[:4], "big"), min(missing, PAGE_BYTES - 4)
            parts.append(overflow[4 : 4 + taken])
            _need(_is_zero(overflow[4 + taken :]), "an overflow page has bytes behind its end")
            missing -= taken
        _need(following == 0, "an overflow chain does not end")
        return b"".join(parts)

    def check_stale_page(self, number: int, page: bytes) -> None:
        """A page that a checkpoint had not yet overwritten: it must be an older state of this tree."""
        cells, right = parse_page(page, number)
        keys = [cell[2] for cell in cells]
        known = all(page[start:end] in self.cells for start, end, *_ in cells)
        _need(number > 1 and known and keys == sorted(keys), f"page {number} is no earlier state of the record")
        if right:
            earlier = children_of(page, cells, right)
            now = self.children.get(number, [])[: len(earlier)]
            _need(now == earlier, f"page {number} points where the record does not")


def parse_page(page: bytes, number: int) -> tuple[list[Cell], int]:
    """Cells of a table page as (start, end, key, body, payload size), and its right child (0: a leaf)."""
    base = 100 if number == 1 else 0
    kind, freeblock, count, content, fragments = struct.unpack_from(">BHHHB", page, base)
    _need(
        kind in (_INTERIOR, _LEAF) and freeblock == 0 and fragments == 0,
        f"page {number} is of kind {kind} with free blocks {freeblock} and fragments {fragments}",
    )
    top = base + (8 if kind == _LEAF else 12)
    gap = top + 2 * count
    _need(gap <= content <= PAGE_BYTES and _is_zero(page[gap:content]), f"page {number} has bytes in its gap")
    right = int.from_bytes(page[top - 4 : top], "big") if kind == _INTERIOR else 0
    _need(kind == _LEAF or (right > 0 and count > 0), f"page {number} has no children")
    cells: list[Cell] = []
    for start in struct.unpack_from(f">{count}H", page, top):
        _need(content <= start < PAGE_BYTES, f"page {number} points outside its cells")
        size, place = (0, start + 4) if right else _varint(page, start)
        key, place = _varint(page, place)
        cells.append((start, place if right else place + _inline_bytes(size), key, place, size))
    for start, end, *_ in sorted(cells):
        _need(start == content, f"page {number} has a gap between cells")
        content = end
    _need(content == PAGE_BYTES, f"page {number} does not end with a cell")
    return cells, right


def children_of(page: bytes, cells: list[Cell], right: int) -> list[int]:
    """The pages below an inner page."""
    return [int.from_bytes(page[cell[0] : cell[0] + 4], "big") for cell in cells] + [right]


def _check_schema_row(segment: int, row: int, payload: bytes) -> int:
    """The root page of a segment whose schema row is letter by letter what it must be."""
    _need(len(payload) > 8 and payload[4] in (1, 2, 3, 4), f"schema row {row} has another form")
    root_bytes = (0, 1, 2, 3, 4)[payload[4]]
    start = payload[0] + sum((kind - 13) // 2 for kind in payload[1:4])
    root_raw = payload[start : start + root_bytes]
    root = int.from_bytes(root_raw, "big")
    _need(root > 1 and root_raw == root.to_bytes(root.bit_length() // 8 + 1, "big"), "a root page is misspelt")
    table = f"s{segment}"
    columns = [b"table", table.encode(), table.encode(), root_raw, schema_of(table).encode()]
    kinds = [13 + 2 * len(column) for column in columns]
    kinds[3] = root_bytes
    head = b"".join(_put_varint(kind) for kind in kinds)
    _need(
        row == segment + 1 and payload == bytes([len(head) + 1]) + head + b"".join(columns),
        f"schema row {row} is not segment {segment}",
    )
    return root


def _columns(raw: bytes) -> tuple[bytes, bytes | None]:
    """Entry and note of a row."""
    head, place = _varint(raw, 0)
    seq_kind, place = _varint(raw, place)
    entry_kind, place = _varint(raw, place)
    note_kind, place = _varint(raw, place)
    entry_bytes, note_bytes = (entry_kind - 12) // 2, max((note_kind - 12) // 2, 0)
    _need(
        place == head
        and seq_kind == 0
        and entry_kind >= 12
        and entry_kind % 2 == 0
        and (note_kind == 0 or (note_kind >= 12 and note_kind % 2 == 0))
        and head + entry_bytes + note_bytes == len(raw),
        "a row has another form",
    )
    note = raw[head + entry_bytes :] if note_kind else None
    return raw[head : head + entry_bytes], note


def _inline_bytes(size: int) -> int:
    """Bytes of a leaf cell's payload on its own page, with the pointer to its overflow."""
    if size <= PAGE_BYTES - 35:
        return size
    least = (PAGE_BYTES - 12) * 32 // 255 - 23
    local = least + (size - least) % (PAGE_BYTES - 4)
    return 4 + (local if local <= PAGE_BYTES - 35 else least)


def _put_varint(value: int) -> bytes:
    out = [value & 127]
    while value := value >> 7:
        out.append(value & 127 | 128)
    return bytes(reversed(out))


def _varint(raw: bytes, start: int) -> tuple[int, int]:
    value = 0
    for place in range(start, min(start + 8, len(raw))):
        value = value << 7 | raw[place] & 127
        if raw[place] < 128:
            _need(raw[start : place + 1] == _put_varint(value), "a number is misspelt")
            return value, place + 1
    raise IntegrityError("record.sqlite: a number does not end")


def _is_zero(raw: bytes) -> bool:
    return raw.count(0) == len(raw)


class RecordFile:
    """Rows of a record from the bytes of its database and write-ahead log, together.

    **Raises**: IntegrityError, when the two do not fit each other or a byte has no allowed place.
    """

    def __init__(self, database: bytes, wal_raw: bytes) -> None:
        self.wal = Wal(wal_raw)
        self.rows: list[Row] = []
        self.engine_version = 0
        if not database and not self.wal.pages:
            return
        _need(len(database) % PAGE_BYTES == 0, f"{len(database)} bytes are no whole pages")
        size = len(database) // PAGE_BYTES

        def stored(number: int) -> bytes:
            return database[(number - 1) * PAGE_BYTES : number * PAGE_BYTES]

        if not self.wal.pages:
            self._take(PageReader(stored, size))
            return
        pages = self.wal.pages
        merged = PageReader(lambda number: pages.get(number) or stored(number), self.wal.page_count)
        self._take(merged)
        if not size:
            return
        if stored(1) != pages.get(1, stored(1)) or all(stored(n) != page for n, page in pages.items()):
            older = PageReader(stored, size)
            _need(merged.rows[: len(older.rows)] == older.rows, "the file below the log is no earlier state")
            return
        _need(size <= self.wal.page_count, "the file is longer than the record")
        for number in sorted(pages):
            if number <= size and stored(number) != pages[number]:
                merged.check_stale_page(number, stored(number))

    def _take(self, reader: PageReader) -> None:
        self.rows, self.engine_version = reader.rows, reader.engine_version
