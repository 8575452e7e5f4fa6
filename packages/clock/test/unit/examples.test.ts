/** The programs under examples/ run to their end and print what they promise. */
import { afterEach, expect, it, vi } from 'vitest';

afterEach(() => vi.restoreAllMocks());

async function printedBy(program: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((text: string) => void lines.push(text));
  await program();
  return lines;
}

it('nobody in the chat sees an answer before its question', async () => {
  const lines = await printedBy(() => import('../../examples/causal-chat.ts'));
  const read = lines.filter((line) => line.startsWith('eve reads'));
  expect(read[0]).toContain('tea?');
  expect(read[1]).toContain('yes!');
  expect(lines.at(-1)).toBe('ada knows that all have read {"ada":1,"bob":1}');
});

it('timestamps increase across a restart with a clock set back', async () => {
  expect(await printedBy(() => import('../../examples/surviving-a-restart.ts'))).toEqual([
    'wall 1000000 s: 1000000.000,0',
    'wall 999000 s: 1000010.001,0',
    'the second id is greater: true',
  ]);
});

it('the cart loses nothing that was not read', async () => {
  expect(await printedBy(() => import('../../examples/siblings.ts'))).toEqual([
    'siblings: milk, eggs | milk, tea',
    'merged: milk, eggs, tea',
  ]);
});
