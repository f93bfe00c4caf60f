import { describe, expect, it } from 'vitest';
import { canonical } from './canonical';

describe('canonical JSON', () => {
  it('sorts keys by UTF-16 code units and writes no spaces', () => {
    expect(canonical({ b: [1, true, null], a: 'é"\n', A: {} })).toBe('{"A":{},"a":"é\\"\\n","b":[1,true,null]}');
  });
  it('refuses fractions, huge integers and half characters', () => {
    expect(() => canonical(0.5)).toThrow();
    expect(() => canonical(2 ** 53)).toThrow();
    expect(() => canonical('\ud800')).toThrow();
  });
});
