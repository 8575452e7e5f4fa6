/**
 * Writes numbered batches until it is killed, with durable and plain writes and deletions of keys
 * and of ranges. What was acknowledged it notes in a file outside the store.
 * Run by kill-loop.ts: `node writer.mjs DIRECTORY EXPECTED`.
 */
import { openSync, writeSync } from 'node:fs';
import { nodeFileSystem } from '@ds/storage/node';
import { openBtreeStore } from '../../src/index.ts';
import { text, toText } from '../simulation/workload.ts';
import { TINY } from '../tiny.ts';
import { batchOf } from './numbered-batch.ts';

const [directory = 'store', expected = 'expected'] = process.argv.slice(2);
const acknowledged = openSync(expected, 'a');
process.stdout.write('opening\n');
const store = await openBtreeStore({ ...TINY, directory, fileSystem: nodeFileSystem() });
const last = store.get(text('#'));
let next = last === undefined ? 0 : Number(toText(last)) + 1;
process.stdout.write('opened\n');

async function write(): Promise<void> {
  for (;;) {
    const index = next++;
    const durable = index % 3 === 0;
    await store.write(batchOf(index), { durable });
    writeSync(acknowledged, `${index}\n`);
    process.stdout.write('done\n');
    // Those that are not durable never wait for anything: let the rest of the program run.
    if (!durable) await new Promise(setImmediate);
  }
}

await Promise.all(Array.from({ length: 8 }, write));
