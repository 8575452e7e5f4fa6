/** Each planted mistake has to be seen at some fault point: otherwise those check nothing. */
import { huntEngineBug } from '@ds/sim/engines';
import { describe, expect, it } from 'vitest';
import { PLANTS, plantedEngine } from '../planted.ts';

const OPTIONS = {
  firstSeed: 2,
  seeds: 40,
  signal: new AbortController().signal,
  progress: (): void => {},
};

describe('the fault points give it away when', () => {
  for (const [name, plant] of Object.entries(PLANTS)) {
    it(name, async () => {
      const { caught, message } = await huntEngineBug(name, plantedEngine(plant), OPTIONS);
      expect(message).toMatch(/ at \{"seed":/);
      expect(caught).toBe(true);
    }, 240_000);
  }
});
