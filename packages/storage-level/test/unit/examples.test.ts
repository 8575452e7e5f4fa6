import { afterEach, expect, it, vi } from 'vitest';

afterEach(() => {
  vi.restoreAllMocks();
});

it('the sublevels example finds its person by the index', async () => {
  expect(await printedBy(() => import('../../examples/sublevels.ts'))).toEqual(['Ada, born 1815']);
});

it('the streams example reads a range of the database as a stream', async () => {
  const lines = await printedBy(() => import('../../examples/streams.ts'));
  expect(lines).toEqual(['pears: 4', 'plums: 5', 'together 9']);
});

async function printedBy(run: () => Promise<unknown>): Promise<string[]> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await run();
  return log.mock.calls.map(([line]) => String(line));
}
