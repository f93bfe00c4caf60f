/** The time inside a picture (MISB ST 0604): microseconds that the camera wrote when its sensor saw it. */

const MARK = [...'MISPmicrosectime'].map((letter) => letter.charCodeAt(0));
const TIME_BYTES = 12; // a status, then eight bytes with 0xff behind each second one

/** Microseconds on the camera's clock; null where the unit says none. */
export function timeOfUs(unit: Uint8Array): number | null {
  for (let at = 0; at + 5 < unit.length; at++) {
    if (unit[at] !== 0 || unit[at + 1] !== 0 || unit[at + 2] !== 1) continue;
    const kind = (unit[at + 3] ?? 0) & 0x1f;
    if (kind === 1 || kind === 5) return null;
    if (kind !== 6 || !MARK.every((letter, place) => unit[at + 6 + place] === letter)) continue;
    const raw: number[] = [];
    for (let zeros = 0, from = at + 6 + MARK.length; raw.length < TIME_BYTES && from < unit.length; from++) {
      const one = unit[from] ?? 0;
      if (zeros >= 2 && one === 3) zeros = 0; // put in so that no start code shows
      else {
        raw.push(one);
        zeros = one === 0 ? zeros + 1 : 0;
      }
    }
    if (raw.length < TIME_BYTES || raw[3] !== 0xff || raw[6] !== 0xff || raw[9] !== 0xff) return null;
    return [1, 2, 4, 5, 7, 8, 10, 11].reduce((sum, place) => sum * 256 + (raw[place] ?? 0), 0);
  }
  return null;
}
