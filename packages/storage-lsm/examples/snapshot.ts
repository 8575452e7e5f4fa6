/** A snapshot shows the store as it was, whatever is written meanwhile. */
import { MemoryFileSystem } from '@ds/storage/memory';
import { openLsmStore } from '@ds/storage-lsm';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string => new TextDecoder().decode(value);

await using store = await openLsmStore({ directory: 'data', fileSystem: new MemoryFileSystem() });
await store.write([{ type: 'put', key: bytes('balance'), value: bytes('100') }]);
using before = store.snapshot();
await store.write([{ type: 'put', key: bytes('balance'), value: bytes('70') }], { durable: true });
console.log(`then ${text(before.get(bytes('balance')))}, now ${text(store.get(bytes('balance')))}`);
