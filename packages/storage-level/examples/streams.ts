/** A module of the Level ecosystem at work on a store of ours: level-read-stream. */
import { MemoryStore } from '@ds/storage/memory';
import { StoreLevel } from '@ds/storage-level';
import { EntryStream } from 'level-read-stream';

const db = new StoreLevel<string, number>(new MemoryStore(), { valueEncoding: 'json' });
await db.batch([
  { type: 'put', key: 'apples', value: 3 },
  { type: 'put', key: 'pears', value: 4 },
  { type: 'put', key: 'plums', value: 5 },
]);

let total = 0;
for await (const { key, value } of new EntryStream<string, number, typeof db>(db, { gte: 'p' })) {
  console.log(`${key}: ${value}`);
  total += value;
}
console.log(`together ${total}`);
await db.close();
