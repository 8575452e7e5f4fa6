/** The demo as its users run it: a process, a page, two people in Chromium. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../../src/demo/rehearsal.ts';
import { type BuiltDemo, buildDemo, RunningDemo } from '../support/built-demo.ts';

if (findChromium() === undefined && process.env.CI === 'true') {
  throw new Error('The page is tested in Chromium: install it, or set CHROMIUM_PATH.');
}

describe('the demo', () => {
  let built: BuiltDemo;

  beforeAll(async () => {
    built = await buildDemo();
  }, 90_000);

  afterAll(() => built?.remove());

  it('prints its address, serves the page there, and leaves nothing behind', async () => {
    const demo = new RunningDemo(built, []);
    const url = await demo.printed(/http:\/\/127\.0\.0\.1:\d+\//);
    expect(await (await fetch(url)).text()).toContain('<h1>Notes</h1>');
    demo.signal('SIGINT');
    expect(await demo.exited).toBe(0);
    expect(demo.leftovers()).toEqual([]);
    await demo.close();
  }, 60_000);

  it.skipIf(findChromium() === undefined)(
    'ends with 0 when two pages that edited apart agree, also after a restart',
    async () => {
      const demo = new RunningDemo(built, ['--headless', '--json']);
      expect(await demo.exited, demo.output).toBe(0);
      const result = JSON.parse(demo.output.trim().split('\n').at(-1)!);
      expect(result).toMatchObject({ good: true, converged: true, survivedRestart: true });
      expect(demo.leftovers()).toEqual([]);
      await demo.close();
    },
    120_000,
  );

  it('ends with 2 and a sentence for options that make no sense', async () => {
    for (const args of [['--port', 'x'], ['--colour'], ['extra']]) {
      const demo = new RunningDemo(built, args);
      expect(await demo.exited).toBe(2);
      expect(demo.output).toMatch(/^The demo failed: .+\.\n$/);
      await demo.close();
    }
  });
});
