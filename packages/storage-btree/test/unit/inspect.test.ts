/** The text dump says what is there, and where it is damaged, and reads on behind it. */
import { MemoryFileSystem } from '@ds/storage/memory';
import { expect, it } from 'vitest';
import { openBtreeStore } from '../../src/index.ts';
import { inspect } from '../../src/reading/inspect.ts';
import { text } from '../text.ts';
import { TINY } from '../tiny.ts';

async function made(): Promise<MemoryFileSystem> {
  const fileSystem = new MemoryFileSystem();
  const store = await openBtreeStore({ ...TINY, fileSystem, directory: 'd' });
  const entry = (i: number) => ({ key: text(`key ${i + 100}`), value: text(`value ${i}`) });
  await store.bulkLoad(Array.from({ length: 60 }, (_, i) => entry(i)));
  await store.write([
    { type: 'put', key: text('large'), value: new Uint8Array(900) },
    { type: 'delete', key: text('key 103') },
  ]);
  await store.checkpoint();
  await store.write([
    { type: 'put', key: text('new'), value: text('in the log') },
    { type: 'deleteRange', gte: text('a'), lt: text('b') },
  ]);
  return fileSystem;
}

const OPTIONS = { directory: 'd', entries: true };

it('shows heads, pages, entries and what is in the log alone', async () => {
  const lines = [...inspect({ ...OPTIONS, fileSystem: await made() })];
  const dump = lines.join('\n');
  expect(lines.filter((line) => /head at byte/.test(line)).length).toBe(2);
  expect(dump).toMatch(/page \d+: branch of level 1, \d+ cells/);
  expect(lines.filter((line) => /^ +"key \d+" "value \d+"$/.test(line)).length).toBe(59);
  expect(dump).toContain('"large" 900 bytes in pages of their own');
  expect(dump).toMatch(/"new" @\d+ "in the log"/);
  expect(dump).toMatch(/from "a" up to "b" deleted @\d+/);
  expect(dump).not.toContain('!');
  const brief = [...inspect({ directory: 'd', fileSystem: await made() })];
  expect(brief.length).toBeLessThan(lines.length / 2);
});

it('tells of a damaged page and shows the others', async () => {
  const fileSystem = await made();
  const whole = [...inspect({ ...OPTIONS, fileSystem })];
  const leaf = whole.find((line) => /page \d+: leaf/.test(line))!;
  const id = Number(/page (\d+)/.exec(leaf)![1]);
  const file = fileSystem.open('d/tree.data', { mode: 'write' });
  file.write(8192 + (id - 1) * 512 + 100, Uint8Array.of(1, 2, 3));
  const lines = [...inspect({ ...OPTIONS, fileSystem })];
  expect(lines.filter((line) => line.includes('!')).length).toBe(1);
  expect(lines.find((line) => line.includes('!'))).toContain(`page ${id} does not match`);
  expect(lines.length).toBeGreaterThan(whole.length / 2);
});
