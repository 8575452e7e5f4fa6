import { expect, it, vi } from 'vitest';

it('the example prints what it says', async () => {
  const lines: unknown[][] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((...line) => void lines.push(line));
  await import('../../examples/two-writers.ts');
  log.mockRestore();
  expect(lines).toEqual([
    ['The quick brown fox jumps over the lazy dog.', true],
    ['The fox jumps over the lazy dog.'],
  ]);
});
