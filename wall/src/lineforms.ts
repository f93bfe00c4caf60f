/** A notice's fields as people type and read them: degrees and minutes, date-time groups in UTC, feet. */

import type { LineVolume } from './messages';

export interface Field {
  readonly name: string;
  /** The word of the label, and the corner's number where it is one. */
  readonly label: string;
  readonly corner: number;
  readonly value: number;
  readonly text: string;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** `37 35.00 S`: with as few decimals as say exactly this value. */
export function placeText(e7: number, axis: 'lat' | 'lon'): string {
  const size = Math.abs(e7);
  const side = axis === 'lat' ? (e7 < 0 ? 'S' : 'N') : e7 < 0 ? 'W' : 'E';
  for (let decimals = 2; ; decimals++) {
    const unit = 10 ** decimals;
    const all = Math.round((size * 60 * unit) / 1e7);
    const degrees = Math.floor(all / (60 * unit));
    const minutes = ((all - degrees * 60 * unit) / unit).toFixed(decimals).padStart(decimals + 3, '0');
    const text = `${String(degrees).padStart(axis === 'lat' ? 2 : 3, '0')} ${minutes} ${side}`;
    if (decimals >= 6 || placeOf(text, axis) === e7) return text;
  }
}

/** The value of `37 35.00 S`, degree and minute signs allowed; null when it is no such place. */
export function placeOf(text: string, axis: 'lat' | 'lon'): number | null {
  const found = /^\s*(\d{1,3})[°\s]+(\d{1,2}(?:\.\d{1,6})?)['′\s]*([NSEW])\s*$/i.exec(text);
  if (!found) return null;
  const [degrees, minutes, side] = [Number(found[1]), Number(found[2]), (found[3] ?? '').toUpperCase()];
  if (minutes >= 60 || !(axis === 'lat' ? 'NS' : 'EW').includes(side)) return null;
  const e7 = degrees * 1e7 + Math.round((minutes * 1e7) / 60);
  if (e7 > (axis === 'lat' ? 90e7 : 180e7)) return null;
  return 'SW'.includes(side) ? -e7 || 0 : e7;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

/**
 * `141630Z`, with seconds where there are any: the day of the month and the time, UTC; with month and year, as
 * `141630Z APR 31`, where the digits alone would be read as another time.
 */
export function groupText(us: number, nearUs = us): string {
  const then = new Date(us / 1000);
  const seconds = then.getUTCSeconds();
  const short = `${two(then.getUTCDate())}${two(then.getUTCHours())}${two(then.getUTCMinutes())}${seconds ? two(seconds) : ''}Z`;
  if (groupOf(short, nearUs) === Math.floor(us / 1e6) * 1e6) return short;
  return `${short} ${MONTHS[then.getUTCMonth()] ?? ''} ${two(then.getUTCFullYear() % 100)}`;
}

/** The instant of a date-time group: in its month and year, or in the month that brings it nearest; null when there is none. */
export function groupOf(text: string, nearUs: number): number | null {
  const found = /^\s*(\d{2})(\d{2})(\d{2})(\d{2})?\s*Z?(?:\s*([A-Z]{3})\s*(\d{2}))?\s*$/i.exec(text);
  if (!found) return null;
  const month = found[5] ? MONTHS.indexOf(found[5].toUpperCase()) : null;
  if (month === -1) return null;
  const [day, hours, minutes, seconds] = [1, 2, 3, 4].map((place) => Number(found[place] ?? 0)) as [number, number, number, number];
  if (hours > 23 || minutes > 59 || seconds > 59) return null;
  if (month !== null) {
    const then = Date.UTC(2000 + Number(found[6]), month, day, hours, minutes, seconds);
    return new Date(then).getUTCDate() === day ? then * 1000 : null;
  }
  const near = new Date(nearUs / 1000);
  let best: number | null = null;
  for (const shift of [-1, 0, 1]) {
    const then = Date.UTC(near.getUTCFullYear(), near.getUTCMonth() + shift, day, hours, minutes, seconds);
    if (new Date(then).getUTCDate() !== day) continue;
    if (best === null || Math.abs(then * 1000 - nearUs) < Math.abs(best - nearUs)) best = then * 1000;
  }
  return best;
}

/** A volume's fields in the order in which they are read, now that it is `nearUs`. */
export function fieldsOf(volume: LineVolume, nearUs: number): Field[] {
  const plain = (name: 'floor_ft' | 'ceiling_ft', value: number): Field => ({ name, label: name, corner: 0, value, text: String(value) });
  const time = (name: 'from_us' | 'until_us', value: number): Field => ({ name, label: name, corner: 0, value, text: groupText(value, nearUs) });
  const corners = volume.outline.flatMap((place, index): Field[] => {
    const corner = index + 1;
    const of = (name: string, value: number, axis: 'lat' | 'lon'): Field =>
      ({ name: `corner${corner}_${name}`, label: 'corner', corner, value, text: placeText(value, axis) });
    return [of('lat_e7deg', place.lat_e7deg, 'lat'), of('lon_e7deg', place.lon_e7deg, 'lon')];
  });
  return [
    ...corners,
    plain('floor_ft', volume.floor_ft),
    plain('ceiling_ft', volume.ceiling_ft),
    time('from_us', volume.from_us),
    time('until_us', volume.until_us),
  ];
}

/** What somebody typed for a field, in the field's own unit; null when it cannot be one. */
export function typed(field: { name: string }, text: string, nearUs: number): number | null {
  if (field.name.endsWith('_us')) return groupOf(text, nearUs);
  if (field.name.endsWith('_lat_e7deg')) return placeOf(text, 'lat');
  if (field.name.endsWith('_lon_e7deg')) return placeOf(text, 'lon');
  const plain = /^\s*(-?\d{1,6})\s*$/.exec(text.replaceAll(',', ''));
  return plain ? Number(plain[1]) : null;
}

/** A value as it was said, for people; digits that are none of the field stay as they are. */
export function saidText(name: string, value: string, nearUs: number): string {
  const number = Number(value);
  if (name.endsWith('_us')) return groupText(number, nearUs);
  if (name.endsWith('_lat_e7deg')) return placeText(number, 'lat');
  if (name.endsWith('_lon_e7deg')) return placeText(number, 'lon');
  return value;
}

/** An outline as `outlineOf` reads it. */
export const outlineText = (volume: LineVolume): string =>
  volume.outline.map((place) => `${placeText(place.lat_e7deg, 'lat')} ${placeText(place.lon_e7deg, 'lon')}`).join('\n');

/** An outline from lines of `37 30.00 S 114 00.00 W`; null when a line is no place, or there are fewer than three. */
export function outlineOf(text: string): { lat_e7deg: number; lon_e7deg: number }[] | null {
  const found = placesOf(text);
  return found !== null && found.length >= 3 ? found : null;
}

/** Places from lines of `37 30.00 S 114 00.00 W`; null when a line is none, or there is no line. */
export function placesOf(text: string): { lat_e7deg: number; lon_e7deg: number }[] | null {
  const found = [];
  for (const line of text.split('\n').filter((one) => one.trim())) {
    const parts = /^(.*?[NS])\s*,?\s*(.*[EW])\s*$/i.exec(line.trim());
    const [lat, lon] = parts ? [placeOf(parts[1] ?? '', 'lat'), placeOf(parts[2] ?? '', 'lon')] : [null, null];
    if (lat === null || lon === null) return null;
    found.push({ lat_e7deg: lat, lon_e7deg: lon });
  }
  return found.length ? found : null;
}
