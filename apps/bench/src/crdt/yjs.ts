/** Yjs, which collects deleted text: what it saves is not the full history. */
import { peer, peerVersion, runContender } from '../contender.ts';
import { textMeasurements } from './sessions.ts';

interface YText {
  insert(position: number, text: string): void;
  delete(position: number, count: number): void;
  toString(): string;
}

interface YDoc {
  clientID: number;
  getText(name: string): YText;
  on(event: 'update', listener: (update: Uint8Array) => void): void;
}

const yjs = await peer<{
  Doc: new () => YDoc;
  applyUpdate(doc: YDoc, update: Uint8Array): void;
  encodeStateAsUpdateV2(doc: YDoc): Uint8Array;
  applyUpdateV2(doc: YDoc, update: Uint8Array): void;
}>('yjs');

interface Opened {
  readonly doc: YDoc;
  readonly text: YText;
  update: Uint8Array;
}

function open(): Opened {
  const doc = new yjs.Doc();
  const opened: Opened = { doc, text: doc.getText('text'), update: new Uint8Array(0) };
  doc.on('update', (update) => {
    opened.update = update;
  });
  return opened;
}

await runContender(
  { name: 'yjs', version: peerVersion('yjs'), configuration: 'gc on, saved in V2' },
  textMeasurements<Opened>({
    slow: true,
    open,
    edit(opened, [position, deleted, inserted]) {
      if (deleted > 0) opened.text.delete(position, deleted);
      if (inserted !== '') opened.text.insert(position, inserted);
      return opened.update;
    },
    apply: ({ doc }, update) => yjs.applyUpdate(doc, update),
    text: ({ text }) => text.toString(),
    save: ({ doc }) => yjs.encodeStateAsUpdateV2(doc),
    load(bytes) {
      const { doc, text } = open();
      yjs.applyUpdateV2(doc, bytes);
      return text.toString();
    },
  }),
);
