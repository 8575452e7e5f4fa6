/** Loro (WebAssembly), a commit and an update per edit. */
import { peer, peerVersion, runContender } from '../contender.ts';
import { textMeasurements } from './sessions.ts';

interface LoroText {
  insert(position: number, text: string): void;
  delete(position: number, count: number): void;
  toString(): string;
}

interface Doc {
  getText(name: string): LoroText;
  commit(): void;
  import(bytes: Uint8Array): void;
  export(options: { mode: 'snapshot' }): Uint8Array;
  subscribeLocalUpdates(listener: (update: Uint8Array) => void): void;
}

const { LoroDoc } = await peer<{ LoroDoc: new () => Doc }>('loro-crdt');

interface Opened {
  readonly doc: Doc;
  readonly text: LoroText;
  update: Uint8Array;
}

function open(): Opened {
  const doc = new LoroDoc();
  const opened: Opened = { doc, text: doc.getText('text'), update: new Uint8Array(0) };
  doc.subscribeLocalUpdates((update) => {
    opened.update = update;
  });
  return opened;
}

await runContender(
  { name: 'loro', version: peerVersion('loro-crdt'), configuration: 'snapshot; memory in wasm' },
  textMeasurements<Opened>({
    slow: true,
    open,
    edit(opened, [position, deleted, inserted]) {
      if (deleted > 0) opened.text.delete(position, deleted);
      if (inserted !== '') opened.text.insert(position, inserted);
      opened.doc.commit();
      return opened.update;
    },
    apply: ({ doc }, update) => doc.import(update),
    text: ({ text }) => text.toString(),
    save: ({ doc }) => doc.export({ mode: 'snapshot' }),
    load(bytes) {
      const { doc, text } = open();
      doc.import(bytes);
      return text.toString();
    },
  }),
);
