/** A leaderboard: keys are points, so a key's rank is its place, and a place has its key. */
import { MemoryFileSystem } from '@ds/storage/memory';
import { openBtreeStore } from '@ds/storage-btree';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string => new TextDecoder().decode(value);

await using store = await openBtreeStore({ directory: 'data', fileSystem: new MemoryFileSystem() });
const scores = { ada: 310, grace: 290, edsger: 305, barbara: 340 };
const batch = Object.entries(scores).map(([name, points]) => {
  return { type: 'put' as const, key: bytes(`${points} ${name}`), value: bytes(name) };
});
await store.write(batch, { durable: true });
const above = store.countRange({ gt: bytes('305 edsger') });
console.log(`edsger has ${above} above him; second last is ${text(store.at(1)?.value)}`);
