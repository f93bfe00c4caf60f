/** Reads the binary frame that carries the picture: the layout is in `watchfloor.edge.api.frames`. */

export const UNKNOWN_I16 = -32768;
export const UNKNOWN_U16 = 65535;
export const PARTIES = ['coalition', 'other party', 'civil', 'humanitarian', 'unknown'] as const;
export const STATES = ['waiting', 'fresh', 'stale', 'lost'] as const;
const GEOMETRIC = 16;
const HEAD_BYTES = 24;
const TRACK_BYTES = 24;
const WHOLE = 0x31544657;
const NEWS = 0x32544657;

/** The picture at one tick: one array a column, a row a track, in order of their numbers. */
export interface Picture {
  readonly roomUs: number;
  readonly generation: number;
  /** Which frame of its class of viewers this is; news go on from the one before. */
  readonly turn: number;
  /** What is left of the time since the frame before, less than a step of an age. */
  readonly restDs: number;
  readonly count: number;
  readonly number: Uint32Array;
  readonly latE7: Int32Array;
  readonly lonE7: Int32Array;
  readonly ageDs: Uint16Array;
  readonly level25ft: Int16Array;
  readonly speedDkt: Uint16Array;
  readonly trackCdeg: Uint16Array;
  readonly rateFpm: Int16Array;
  readonly party: Uint8Array;
  readonly state: Uint8Array;
}

/** The picture after a frame; `before` is the picture that news go on from. Throws when the bytes are none, or do not. */
export function readFrame(raw: ArrayBuffer, before: Picture | null = null): Picture {
  const head = new DataView(raw);
  const magic = raw.byteLength < HEAD_BYTES ? 0 : head.getUint32(0, true);
  if (magic !== WHOLE && magic !== NEWS) throw new Error('not a picture frame');
  const count = head.getUint32(4, true);
  const gone = magic === NEWS && raw.byteLength >= HEAD_BYTES + 4 ? head.getUint32(HEAD_BYTES, true) : 0;
  const begin = magic === NEWS ? HEAD_BYTES + 4 + 4 * gone : HEAD_BYTES;
  if (raw.byteLength !== begin + count * TRACK_BYTES) throw new Error(`a frame of ${count} tracks has ${raw.byteLength} bytes`);
  const told = columns(raw, begin, count);
  if (magic === WHOLE) return told;
  if (!before || told.turn !== (before.turn + 1) % 2 ** 32) throw new Error(`news of turn ${told.turn} go on from nothing that is here`);
  return merged(before, told, new Set(new Uint32Array(raw, HEAD_BYTES + 4, gone)));
}

function columns(raw: ArrayBuffer, begin: number, count: number): Picture {
  const head = new DataView(raw);
  let place = begin;
  const take = (bytes: number): number => {
    const start = place;
    place += bytes * count;
    return start;
  };
  return {
    count,
    roomUs: Number(head.getBigInt64(8, true)),
    generation: head.getUint32(16, true),
    turn: head.getUint32(20, true),
    restDs: 0,
    number: new Uint32Array(raw, take(4), count),
    latE7: new Int32Array(raw, take(4), count),
    lonE7: new Int32Array(raw, take(4), count),
    ageDs: new Uint16Array(raw, take(2), count),
    level25ft: new Int16Array(raw, take(2), count),
    speedDkt: new Uint16Array(raw, take(2), count),
    trackCdeg: new Uint16Array(raw, take(2), count),
    rateFpm: new Int16Array(raw, take(2), count),
    party: new Uint8Array(raw, take(1), count),
    state: new Uint8Array(raw, take(1), count),
  };
}

const COLUMNS = ['number', 'latE7', 'lonE7', 'ageDs', 'level25ft', 'speedDkt', 'trackCdeg', 'rateFpm', 'party', 'state'] as const;

/** The picture before with news in it; who has none is older by the time in between. Both are in order of numbers. */
function merged(before: Picture, news: Picture, gone: ReadonlySet<number>): Picture {
  const rows: [Picture, number][] = [];
  let next = 0;
  for (let row = 0; row < before.count; row++) {
    const number = before.number[row] ?? 0;
    while (next < news.count && (news.number[next] ?? 0) < number) rows.push([news, next++]);
    if (next < news.count && news.number[next] === number) rows.push([news, next++]);
    else if (!gone.has(number)) rows.push([before, row]);
  }
  while (next < news.count) rows.push([news, next++]);
  const after = columns(new ArrayBuffer(HEAD_BYTES + rows.length * TRACK_BYTES), HEAD_BYTES, rows.length);
  for (const name of COLUMNS) {
    const column = after[name];
    rows.forEach(([from, row], place) => (column[place] = from[name][row] ?? 0));
  }
  const passedDs = (news.roomUs - before.roomUs) / 1e5 + before.restDs;
  const whole = Math.trunc(passedDs);
  rows.forEach(([from], place) => {
    if (from === before) after.ageDs[place] = Math.max(0, Math.min((after.ageDs[place] ?? 0) + whole, 65535));
  });
  return { ...after, roomUs: news.roomUs, generation: news.generation, turn: news.turn, restDs: passedDs - whole };
}

/** Whose aircraft a row is. */
export function partyOf(picture: Picture, row: number): (typeof PARTIES)[number] {
  return PARTIES[(picture.party[row] ?? 4) & 15] ?? 'unknown';
}

/** A row's level as it is written beside a track: a height above the ellipsoid says so, for it is no pressure altitude. */
export function levelText(picture: Picture, row: number): string {
  const level = picture.level25ft[row] ?? UNKNOWN_I16;
  if (level === UNKNOWN_I16) return 'no level';
  return `${(level * 25).toLocaleString('en')} ft${(picture.party[row] ?? 0) & GEOMETRIC ? ' geo' : ''}`;
}

/** The row of a track number, or -1. */
export function rowOf(picture: Picture, number: number): number {
  return picture.number.indexOf(number);
}
