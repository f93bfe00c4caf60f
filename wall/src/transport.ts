/** Pictures out of an MPEG transport stream: whole access units of H.264 (Annex B), as `VideoDecoder` takes them. */

export interface AccessUnit {
  /** Presentation time in ticks of 90 kHz, continued over the 33-bit wrap. */
  readonly pts: number;
  /** Whether decoding can begin here: an IDR picture with its SPS and PPS. */
  readonly key: boolean;
  /** Such as `avc1.42c01e`; null when the unit brings no SPS. */
  readonly codec: string | null;
  /** Whether pictures were lost just before this one. */
  readonly afterGap: boolean;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const PACKET = 188;
const SYNC = 0x47;
const H264 = 0x1b;
const WRAP = 2 ** 33;
const MOST_UNIT_BYTES = 4 << 20;

/** Takes bytes in pieces of any size; calls back once for each whole picture. Only the first H.264 stream is read. */
export function demuxTs(onAccessUnit: (unit: AccessUnit) => void): { push: (bytes: Uint8Array) => void } {
  let rest = new Uint8Array(0);
  let mapPid = -1;
  let videoPid = -1;
  let counter = -1;
  let parts: Uint8Array[] | null = null;
  let missing = 0; // bytes until the unit is whole; 0 where its length is not told
  let size = 0;
  let gap = false;
  let lastPts = -1;

  function push(bytes: Uint8Array): void {
    const all = new Uint8Array(rest.length + bytes.length);
    all.set(rest);
    all.set(bytes, rest.length);
    let at = 0;
    while (at + PACKET <= all.length) {
      if (all[at] === SYNC) {
        packet(all.subarray(at, at + PACKET));
        at += PACKET;
        continue;
      }
      at++; // sync lost: three packets in a row must begin alike
      while (at + 2 * PACKET < all.length && !(all[at] === SYNC && all[at + PACKET] === SYNC && all[at + 2 * PACKET] === SYNC)) at++;
      if (at + 2 * PACKET >= all.length) break;
    }
    rest = all.slice(at);
  }

  function packet(raw: Uint8Array): void {
    const pid = (byte(raw, 1) & 0x1f) << 8 | byte(raw, 2);
    const head = byte(raw, 3);
    if (byte(raw, 1) & 0x80 || !(head & 0x10) || (pid !== 0 && pid !== mapPid && pid !== videoPid)) return;
    const begin = head & 0x20 ? 5 + byte(raw, 4) : 4;
    const starts = (byte(raw, 1) & 0x40) !== 0;
    if (begin >= PACKET) return;
    if (pid === videoPid) picture(raw.subarray(begin), starts, head & 0x0f, begin > 5 && (byte(raw, 5) & 0x80) !== 0);
    else if (starts) table(raw.subarray(begin), pid);
  }

  /** A table that fits into one packet, as those of a drone do. */
  function table(raw: Uint8Array, pid: number): void {
    const begin = 1 + byte(raw, 0);
    const end = begin + 3 + ((byte(raw, begin + 1) & 0x0f) << 8 | byte(raw, begin + 2));
    if (end > raw.length || crc32(raw.subarray(begin, end)) !== 0) return;
    if (pid === 0 && byte(raw, begin) === 0x00) {
      for (let at = begin + 8; at + 8 <= end; at += 4)
        if (byte(raw, at) << 8 | byte(raw, at + 1)) {
          mapPid = (byte(raw, at + 2) & 0x1f) << 8 | byte(raw, at + 3);
          return;
        }
    } else if (pid === mapPid && byte(raw, begin) === 0x02) {
      let at = begin + 12 + ((byte(raw, begin + 10) & 0x0f) << 8 | byte(raw, begin + 11));
      for (; at + 9 <= end; at += 5 + ((byte(raw, at + 3) & 0x0f) << 8 | byte(raw, at + 4))) {
        const told = (byte(raw, at + 1) & 0x1f) << 8 | byte(raw, at + 2);
        if (byte(raw, at) !== H264) continue;
        if (told !== videoPid) [videoPid, counter, parts] = [told, -1, null];
        return;
      }
    }
  }

  function picture(raw: Uint8Array, starts: boolean, here: number, jumps: boolean): void {
    if (here === counter && !jumps) return; // a packet may be sent twice
    if (jumps || (counter >= 0 && here !== (counter + 1) % 16)) [parts, gap] = [null, true];
    counter = here;
    if (starts) {
      if (parts && missing === 0) emit(parts); // its length was not told: it ends where the next begins
      else if (parts) gap = true;
      parts = [];
      size = 0;
      missing = (byte(raw, 4) << 8 | byte(raw, 5)) && (byte(raw, 4) << 8 | byte(raw, 5)) + 6;
    } else if (!parts) return;
    parts!.push(raw.slice());
    size += raw.length;
    if (size > MOST_UNIT_BYTES) [parts, gap] = [null, true];
    else if (missing && size >= missing) {
      emit(parts!);
      parts = null;
    }
  }

  function emit(from: readonly Uint8Array[]): void {
    const raw = new Uint8Array(size);
    from.reduce((place, part) => (raw.set(part, place), place + part.length), 0);
    const begin = 9 + byte(raw, 8);
    if (raw[0] || raw[1] || raw[2] !== 1 || (byte(raw, 3) & 0xf0) !== 0xe0 || !(byte(raw, 7) & 0x80) || begin >= size) {
      gap = true;
      return;
    }
    let pts = (byte(raw, 9) >> 1 & 7) * 2 ** 30 + (byte(raw, 10) << 22 | byte(raw, 11) >> 1 << 15 | byte(raw, 12) << 7 | byte(raw, 13) >> 1);
    if (lastPts >= 0) pts += Math.round((lastPts - pts) / WRAP) * WRAP;
    lastPts = pts;
    const unit = { pts, afterGap: gap, bytes: raw.subarray(begin, missing || size), ...seen(raw.subarray(begin, missing || size)) };
    gap = false;
    onAccessUnit(unit);
  }

  return { push };
}

/** What stands before the first slice of a unit. */
function seen(raw: Uint8Array): { key: boolean; codec: string | null } {
  let codec: string | null = null;
  for (let at = 0; at + 3 < raw.length; at++) {
    if (raw[at] !== 0 || raw[at + 1] !== 0 || raw[at + 2] !== 1) continue;
    const kind = byte(raw, at + 3) & 0x1f;
    if (kind === 7) codec = 'avc1.' + [4, 5, 6].map((place) => byte(raw, at + place).toString(16).padStart(2, '0')).join('');
    if (kind === 1 || kind === 5) return { key: kind === 5 && codec !== null, codec };
  }
  return { key: false, codec };
}

function byte(raw: Uint8Array, at: number): number {
  return raw[at] ?? 0;
}

/** CRC-32 of MPEG-2: 0 over a whole section. */
function crc32(raw: Uint8Array): number {
  let crc = -1;
  for (const one of raw) {
    crc ^= one << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? crc << 1 ^ 0x04c11db7 : crc << 1;
  }
  return crc;
}
