import { describe, expect, it } from 'vitest';
import { clockText, instantOf, roomNowUs, spanText } from './clock';

const HALF_PAST_EIGHT = Date.UTC(2031, 2, 14, 16, 30) * 1000;

describe('room time', () => {
  it('runs at the told rate, stands while paused, and stops when the server is silent', () => {
    const told = { roomUs: 1000, ratePermille: 10_000, paused: false, toldMs: 50 };
    expect(roomNowUs(told, 150)).toBe(1000 + 1_000_000);
    expect(roomNowUs({ ...told, paused: true }, 150)).toBe(1000);
    expect(roomNowUs(told, 60_050)).toBe(roomNowUs(told, 2050));
  });
  it('is written at the pack\'s offset', () => {
    expect(clockText(HALF_PAST_EIGHT, -8 * 3600)).toBe('08:30:00');
    expect(clockText(HALF_PAST_EIGHT, 0)).toBe('16:30:00');
  });
  it('reads a clock text on the room\'s own day', () => {
    expect(instantOf('08:30', HALF_PAST_EIGHT + 5e6, -8 * 3600)).toBe(HALF_PAST_EIGHT);
    expect(instantOf('25:00', HALF_PAST_EIGHT, 0)).toBeNull();
  });
  it('never writes a span below zero', () => {
    expect(spanText(-5e6)).toBe('00:00');
    expect(spanText(3_725e6)).toBe('1:02:05');
  });
});
