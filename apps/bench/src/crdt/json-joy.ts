/** json-joy, a patch per edit. */
import { peer, peerVersion, runContender } from '../contender.ts';
import { textMeasurements } from './sessions.ts';

interface Str {
  ins(position: number, text: string): void;
  del(position: number, count: number): void;
  view(): string;
}

interface JsonModel {
  readonly api: {
    root(value: object): void;
    str(path: readonly string[]): Str;
    flush(): { toBinary(): Uint8Array };
  };
  view(): { text: string };
  applyPatch(patch: object): void;
  toBinary(): Uint8Array;
  setSid(id: number): void;
  clone(): JsonModel;
}

const { Model, Patch } = await peer<{
  Model: {
    create(value: undefined, id: number): JsonModel;
    fromBinary(bytes: Uint8Array): JsonModel;
  };
  Patch: { fromBinary(bytes: Uint8Array): object };
}>('json-joy/lib/json-crdt/index.js');

/** All begin with the same empty string. */
const first = Model.create(undefined, 123_456_789);
first.api.root({ text: '' });
first.api.flush();
const start = first.toBinary();

interface Opened {
  readonly model: JsonModel;
  readonly text: Str;
}

await runContender(
  { name: 'json-joy', version: peerVersion('json-joy'), configuration: 'flush after each edit' },
  textMeasurements<Opened>({
    open(agent) {
      const model = Model.fromBinary(start);
      model.setSid(2 ** 28 - agent);
      return { model, text: model.api.str(['text']) };
    },
    edit({ model, text }, [position, deleted, inserted]) {
      if (deleted > 0) text.del(position, deleted);
      if (inserted !== '') text.ins(position, inserted);
      return model.api.flush().toBinary();
    },
    apply: ({ model }, update) => model.applyPatch(Patch.fromBinary(update)),
    text: ({ model }) => model.view().text,
    save: ({ model }) => model.toBinary(),
    load: (bytes) => Model.fromBinary(bytes).view().text,
  }),
);
