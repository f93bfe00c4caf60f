import { describe, expect, it } from 'vitest';
import { fieldsOf, groupOf, groupText, outlineOf, placeOf, placeText, saidText, typed } from './lineforms';

describe('what is typed on the line', () => {
  it('says every place so that it can be typed back exactly', () => {
    for (let count = 0; count < 20_000; count++) {
      const axis = count % 2 ? 'lat' : 'lon';
      const most = axis === 'lat' ? 900_000_000 : 1_800_000_000;
      const e7 = Math.round((Math.random() * 2 - 1) * most);
      expect(placeOf(placeText(e7, axis), axis)).toBe(e7);
    }
    for (const [axis, most] of [['lat', 900_000_000], ['lon', 1_800_000_000]] as const) {
      for (const e7 of [0, 1, -1, most, -most, most - 1]) expect(placeOf(placeText(e7, axis), axis)).toBe(e7);
    }
  });

  it('keeps whole hundredths of a minute short', () => {
    expect(placeText(placeOf('37 35.00 S', 'lat') ?? 0, 'lat')).toBe('37 35.00 S');
    expect(placeText(placeOf("114°08.00'W", 'lon') ?? 0, 'lon')).toBe('114 08.00 W');
    expect(placeText(placeOf('00 59.99 N', 'lat') ?? 0, 'lat')).toBe('00 59.99 N');
  });

  it('takes no place that is none', () => {
    for (const text of ['', '37 60.00 S', '91 00 N', '37 35 W', '37.5 S', 'x', '90 00.01 N', '37 35.1234567 S']) {
      expect(placeOf(text, 'lat')).toBeNull();
    }
    expect(placeOf('181 00 E', 'lon')).toBeNull();
  });

  it('reads a date-time group in the month that brings it nearest', () => {
    const near = Date.UTC(2031, 2, 14, 16, 30) * 1000;
    expect(groupText(near)).toBe('141630Z');
    expect(groupOf('141630Z', near)).toBe(near);
    expect(groupOf('14163015', near)).toBe(near + 15e6);
    expect(groupOf('010010Z', Date.UTC(2031, 0, 31, 23, 50) * 1000)).toBe(Date.UTC(2031, 1, 1, 0, 10) * 1000);
    expect(groupOf('312350Z', Date.UTC(2031, 1, 1, 0, 10) * 1000)).toBe(Date.UTC(2031, 0, 31, 23, 50) * 1000);
    const april = Date.UTC(2031, 3, 14, 16, 30) * 1000;
    expect(groupText(april, near)).toBe('141630Z APR 31');
    expect(groupOf('141630Z APR 31', near)).toBe(april);
    expect(groupOf('141630Z', near)).not.toBe(april);
    expect(groupOf('310000Z APR 31', near)).toBeNull();
    expect(groupOf('010000Z ABC 31', near)).toBeNull();
    for (const text of ['142430Z', '146130Z', '320000Z', '1416', '14163061']) expect(groupOf(text, near)).toBeNull();
  });

  it('names every field, and reads each back as it was said', () => {
    const outline = outlineOf('37 30.00 S 114 00.00 W\n37 30.00 S, 114 10.00 W\n\n37 20.00 S 114 00.00 W');
    expect(outline).toHaveLength(3);
    const volume = { outline: outline ?? [], floor_ft: -500, ceiling_ft: 14_000, from_us: 1_931_272_200_000_000, until_us: 1_931_272_215_000_000 };
    const fields = fieldsOf(volume, volume.from_us);
    expect(fields).toHaveLength(10);
    for (const field of fields) {
      expect(typed(field, field.text, volume.from_us)).toBe(field.value);
      expect(saidText(field.name, String(field.value), volume.from_us)).toBe(field.text);
    }
    expect(typed({ name: 'floor_ft' }, '10,000', 0)).toBe(10_000);
    expect(typed({ name: 'floor_ft' }, 'ten', 0)).toBeNull();
    expect(outlineOf('37 30 S 114 00 W')).toBeNull();
    expect(outlineOf('a\nb\nc')).toBeNull();
  });
});
