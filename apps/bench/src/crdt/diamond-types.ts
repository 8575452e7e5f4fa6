/** diamond-types (WebAssembly), without an update per edit. */
import { peer, peerVersion, runContender } from '../contender.ts';
import { textMeasurements } from './sessions.ts';

interface Doc {
  ins(position: number, text: string): void;
  del(position: number, count: number): void;
  get(): string;
  toBytes(): Uint8Array;
}

const { Doc } = await peer<{
  Doc: { new (agent: string): Doc; fromBytes(bytes: Uint8Array, agent: string): Doc };
}>('diamond-types-node');

await runContender(
  {
    name: 'diamond-types',
    version: peerVersion('diamond-types-node'),
    configuration: 'no updates taken; memory in wasm',
  },
  textMeasurements<Doc>({
    open: (agent) => new Doc(`agent${agent}`),
    edit(doc, [position, deleted, inserted]) {
      if (deleted > 0) doc.del(position, deleted);
      if (inserted !== '') doc.ins(position, inserted);
      return undefined;
    },
    flush: () => {},
    text: (doc) => doc.get(),
    save: (doc) => doc.toBytes(),
    load: (bytes) => Doc.fromBytes(bytes, 'reader').get(),
  }),
);
