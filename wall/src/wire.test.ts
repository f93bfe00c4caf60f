import { describe, expect, it } from 'vitest';
import { levelText, partyOf, readFrame, rowOf } from './wire';

function frame(count: number): ArrayBuffer {
  const raw = new ArrayBuffer(24 + 24 * count);
  const view = new DataView(raw);
  view.setUint32(0, 0x31544657, true);
  view.setUint32(4, count, true);
  view.setBigInt64(8, 1931271000000000n, true);
  view.setUint32(16, 3, true);
  for (let row = 0; row < count; row++) {
    view.setUint32(24 + 4 * row, 100 + row, true);
    view.setInt32(24 + 4 * count + 4 * row, -375000000 - row, true);
    view.setUint16(24 + 12 * count + 2 * row, 7 + row, true);
    view.setUint8(24 + 23 * count + row, 2);
  }
  return raw;
}

describe('picture frame', () => {
  it('gives each column its own bytes', () => {
    const picture = readFrame(frame(3));
    expect(picture.roomUs).toBe(1931271000000000);
    expect(picture.generation).toBe(3);
    expect([...picture.number]).toEqual([100, 101, 102]);
    expect([...picture.latE7]).toEqual([-375000000, -375000001, -375000002]);
    expect([...picture.ageDs]).toEqual([7, 8, 9]);
    expect([...picture.state]).toEqual([2, 2, 2]);
    expect(rowOf(picture, 101)).toBe(1);
    expect(partyOf(picture, 1)).toBe('coalition');
    expect(rowOf(picture, 5)).toBe(-1);
  });
  it('writes a height above the ellipsoid as what it is', () => {
    const raw = frame(2);
    const view = new DataView(raw);
    view.setInt16(24 + 14 * 2, 1240, true);
    view.setInt16(24 + 14 * 2 + 2, 1240, true);
    view.setUint8(24 + 22 * 2 + 1, 16 + 2);
    const picture = readFrame(raw);
    expect([0, 1].map((row) => levelText(picture, row))).toEqual(['31,000 ft', '31,000 ft geo']);
    expect(partyOf(picture, 1)).toBe('civil');
  });
  it('refuses a frame whose length lies', () => {
    expect(() => readFrame(frame(2).slice(0, 60))).toThrow('2 tracks');
    expect(() => readFrame(new ArrayBuffer(4))).toThrow('not a picture');
  });

  it('goes on from the frame before, in order of numbers, and lets go of who is gone', () => {
    const before = readFrame(frame(3));
    const news = new ArrayBuffer(28 + 4 + 24 * 2);
    const view = new DataView(news);
    view.setUint32(0, 0x32544657, true);
    view.setUint32(4, 2, true);
    view.setBigInt64(8, 1931271000500000n, true);
    view.setUint32(16, 3, true);
    view.setUint32(20, 1, true);
    view.setUint32(24, 1, true);
    view.setUint32(28, 100, true);
    const begin = 32;
    [102, 500].forEach((number, row) => {
      view.setUint32(begin + 4 * row, number, true);
      view.setInt32(begin + 8 + 4 * row, -1 - row, true);
      view.setUint16(begin + 24 + 2 * row, 0, true);
      view.setUint8(begin + 46 + row, 1);
    });
    const after = readFrame(news, before);
    expect([...after.number]).toEqual([101, 102, 500]);
    expect([...after.latE7]).toEqual([-375000001, -1, -2]);
    expect([...after.ageDs]).toEqual([13, 0, 0]);
    expect([...after.state]).toEqual([2, 1, 1]);
    expect(after.roomUs).toBe(1931271000500000);
    expect(() => readFrame(news, after)).toThrow('go on from nothing');
    expect(() => readFrame(news)).toThrow('go on from nothing');
  });
});
