/** Automerge (WebAssembly), all edits in one change: an update per edit takes it minutes. */
import { peer, peerVersion, runContender } from '../contender.ts';
import { type Patch, textMeasurements } from './sessions.ts';

interface Content {
  text: string;
}

const automerge = await peer<{
  from(value: Content): Content;
  change(doc: Content, edit: (doc: Content) => void): Content;
  splice(doc: Content, path: string[], at: number, deleted: number, inserted: string): void;
  save(doc: Content): Uint8Array;
  load(bytes: Uint8Array): Content;
}>('@automerge/automerge');

interface Opened {
  doc: Content;
  readonly patches: Patch[];
}

await runContender(
  {
    name: 'automerge',
    version: peerVersion('@automerge/automerge'),
    configuration: 'one change; memory in wasm',
  },
  textMeasurements<Opened>({
    slow: true,
    open: () => ({ doc: automerge.from({ text: '' }), patches: [] }),
    edit({ patches }, patch) {
      patches.push(patch);
      return undefined;
    },
    flush(opened) {
      opened.doc = automerge.change(opened.doc, (doc) => {
        for (const [at, deleted, inserted] of opened.patches) {
          automerge.splice(doc, ['text'], at, deleted, inserted);
        }
      });
      opened.patches.length = 0;
    },
    text: ({ doc }) => doc.text,
    save: ({ doc }) => automerge.save(doc),
    load: (bytes) => automerge.load(bytes).text,
  }),
);
