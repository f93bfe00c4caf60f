/** Room time between two ticks of the server, and how times are written. */

export interface ClockTold {
  readonly roomUs: number;
  readonly ratePermille: number;
  readonly paused: boolean;
  /** `performance.now()` when it was told. */
  readonly toldMs: number;
}

/** Room time now; it never runs more than two seconds past what was told, so a lost server stands still. */
export function roomNowUs(told: ClockTold, nowMs: number): number {
  if (told.paused) return told.roomUs;
  const passedMs = Math.min(Math.max(nowMs - told.toldMs, 0), 2000);
  return told.roomUs + passedMs * told.ratePermille;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** HH:MM:SS at an offset from UTC. */
export function clockText(us: number, offsetS: number): string {
  const seconds = Math.floor(us / 1e6) + offsetS;
  const day = ((seconds % 86400) + 86400) % 86400;
  return `${two(Math.floor(day / 3600))}:${two(Math.floor(day / 60) % 60)}:${two(day % 60)}`;
}

/** MM:SS of a span, or H:MM:SS from an hour on; never below zero. */
export function spanText(us: number): string {
  const seconds = Math.max(Math.floor(us / 1e6), 0);
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

/** The instant of a clock text on the same room day as `nearUs`; null when it is no time of day. */
export function instantOf(text: string, nearUs: number, offsetS: number): number | null {
  const found = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text.trim());
  if (!found) return null;
  const [hours, minutes, seconds] = [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)];
  if (hours > 23 || minutes > 59 || seconds > 59) return null;
  const localDay = Math.floor((nearUs / 1e6 + offsetS) / 86400);
  return (localDay * 86400 - offsetS + hours * 3600 + minutes * 60 + seconds) * 1e6;
}

/** Where a deep link of a replay points: `#at=08:12:00&stretch=1`; null when the address says nothing of it. */
export function wishedInstant(hash: string, nearUs: number, offsetS: number): Record<string, number> | null {
  const found = /^#at=([\d:]+)(?:&stretch=(\d+))?$/.exec(hash);
  const us = found ? instantOf(found[1] ?? '', nearUs, offsetS) : null;
  if (us === null || !found) return null;
  return found[2] === undefined ? { seek_us: us } : { seek_us: us, number: Number(found[2]) };
}
