import { describe, expect, it } from 'vitest';
import { freshId, labelOf } from './labels';

const everyone = ['ALD', 'BVY'];

describe('ids of what a screen shows', () => {
  it('are the next number for what all may see', () => {
    expect(freshId('R', labelOf(0, everyone), everyone, [])).toBe('R-1');
    expect(freshId('R', labelOf(0, everyone), everyone, ['R-1', 'R-2-abcde', 'A'])).toBe('R-3');
  });

  it('cannot be guessed for what is hidden from somebody', () => {
    for (const label of [labelOf(1, everyone), labelOf(0, ['ALD']), labelOf(0, everyone, ['notified-sites'])]) {
      const drawn = new Set(Array.from({ length: 40 }, () => freshId('R', label, everyone, [])));
      expect(drawn.size).toBe(40);
      for (const id of drawn) expect(id).toMatch(/^R-1-[a-z2-9]{5}$/);
    }
  });
});
