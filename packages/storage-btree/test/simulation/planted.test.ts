/** Each planted mistake has to be seen at some fault point: otherwise those check nothing. */
import { describe, expect, it } from 'vitest';
import { hunt, PLANTED_BUGS } from '../planted.ts';

const OPTIONS = {
  firstSeed: 102,
  seeds: 12,
  signal: new AbortController().signal,
  progress: (): void => {},
};

describe('the fault points give it away when', () => {
  for (const [name, plant] of Object.entries(PLANTED_BUGS)) {
    it(name, async () => {
      const { caught, message } = await hunt(name, plant, OPTIONS);
      expect(message).toMatch(/ at \{"seed":/);
      expect(caught).toBe(true);
    }, 120_000);
  }
});
