/** Reads the binary frame that carries the picture: the layout is in `watchfloor.edge.api.frames`. */

export const UNKNOWN_I16 = -32768;
export const UNKNOWN_U16 = 65535;
export const PARTIES = ['coalition', 'other party', 'civil', 'humanitarian', 'unknown'] as const;
export const STATES = ['waiting', 'fresh', 'stale', 'lost'] as const;
const HEAD_BYTES = 24;
const TRACK_BYTES = 24;

/** The picture at one tick: one array a column, a row a track. */
export interface Picture {
  readonly roomUs: number;
  readonly generation: number;
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

/** The picture in a frame; throws when the bytes are none. */
export function readFrame(raw: ArrayBuffer): Picture {
  const head = new DataView(raw);
  if (raw.byteLength < HEAD_BYTES || head.getUint32(0, true) !== 0x31544657) throw new Error('not a picture frame');
  const count = head.getUint32(4, true);
  if (raw.byteLength !== HEAD_BYTES + count * TRACK_BYTES) throw new Error(`a frame of ${count} tracks has ${raw.byteLength} bytes`);
  let place = HEAD_BYTES;
  const take = (bytes: number): number => {
    const start = place;
    place += bytes * count;
    return start;
  };
  return {
    count,
    roomUs: Number(head.getBigInt64(8, true)),
    generation: head.getUint32(16, true),
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

/** The row of a track number, or -1. */
export function rowOf(picture: Picture, number: number): number {
  return picture.number.indexOf(number);
}
