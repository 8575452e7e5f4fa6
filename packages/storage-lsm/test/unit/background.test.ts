/** The work behind the writes is never forgotten, at whatever turn it is handed over. */
import { MemoryFileSystem } from '@ds/storage/memory';
import { expect, it } from 'vitest';
import { openLsmStore } from '../../src/index.ts';
import { text } from '../text.ts';
import { TINY } from '../tiny.ts';

const OPTIONS = { ...TINY, directory: 'd', memtableBytes: 1024, maxImmutableMemtables: 1 };
const MOST_TURNS = 200;

it('a memtable that becomes full while the background looks round is flushed too', async () => {
  for (let turns = 0; turns < MOST_TURNS; turns += 1) {
    const store = await openLsmStore({ ...OPTIONS, fileSystem: new MemoryFileSystem() });
    let written = 0;
    const fill = (): Promise<void> =>
      store.write([{ type: 'put', key: text(`key ${written++}`), value: new Uint8Array(1100) }]);
    await fill();
    await fill();
    for (let turn = 0; turn < turns; turn += 1) await undefined;
    const rest = Promise.all([fill(), fill(), fill()]).then(() => 'written');
    const idle = new Promise((resolve) => setImmediate(resolve)).then(() => 'stuck');
    expect(await Promise.race([rest, idle]), `after ${turns} turns`).toBe('written');
    await store.close();
  }
});
