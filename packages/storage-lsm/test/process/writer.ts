/** Writes counted batches until killed, and says which are durable. Run by kill.test.ts. */
import { nodeFileSystem } from '@ds/storage/node';
import { openLsmStore } from '../../src/index.ts';
import { text, toText } from '../simulation/workload.ts';
import { TINY } from '../tiny.ts';

const directory = process.argv[2]!;
const store = await openLsmStore({ ...TINY, directory, fileSystem: nodeFileSystem() });
const last = store.get(text('#'));
let next = last === undefined ? 0 : Number(toText(last)) + 1;
process.stdout.write(`opened ${next}\n`);

async function write(): Promise<void> {
  for (;;) {
    const index = next++;
    const durable = index % 3 === 0;
    await store.write(
      [
        { type: 'put', key: text('#'), value: text(String(index)) },
        { type: 'put', key: text(`key ${index % 100}`), value: text(`${index} `.repeat(20)) },
        { type: 'put', key: text(`half ${index}`), value: text('') },
        { type: 'delete', key: text(`half ${index - 50}`) },
      ],
      { durable },
    );
    if (durable) process.stdout.write(`durable ${index}\n`);
    // Those that are not durable never wait for anything: let the rest of the program run.
    else await new Promise(setImmediate);
  }
}

await Promise.all(Array.from({ length: 8 }, write));
