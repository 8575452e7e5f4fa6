/** A server and pages on a network in memory, without browsers: only the note and who shares it. */
import { systemClock } from '@ds/clock';
import { Text } from '@ds/crdt';
import { decodeSyncMessage, type Neighbours, Replicator } from '@ds/crdt/sync';
import { MemoryStore } from '@ds/storage/memory';
import type { Transport } from '@ds/transport';
import { MemoryNetwork } from '@ds/transport/memory';
import {
  decodeSavingAnswer,
  NOTE_CHANNEL,
  SAVING_CHANNEL,
  type SavingAnswer,
} from '../../src/note-messages.ts';
import { NoteServer } from '../../src/note-server.ts';
import { NoteStore } from '../../src/note-store.ts';

const SERVER = 'notes';

export interface Person {
  readonly text: Text;
  /** What the server said of its disk. */
  readonly heard: SavingAnswer[];
  insert(position: number, text: string): void;
  remove(position: number, count: number): void;
  cut(): void;
  heal(): void;
}

export interface GatheringOptions {
  readonly maxBytes?: number;
  /** Planted: nobody notices that a connection has come up. */
  readonly unaware?: boolean;
}

const NOBODY: Neighbours = { peers: () => [], onPeer: () => () => {} };

export class Gathering {
  readonly network: MemoryNetwork = new MemoryNetwork();
  readonly store: NoteStore;
  readonly server: NoteServer;
  readonly failures: unknown[] = [];
  readonly #names: string[] = [];
  readonly #unaware: boolean;
  readonly #replicators: Replicator[] = [];

  constructor({ maxBytes = 2 ** 20, unaware = false }: GatheringOptions = {}) {
    this.#unaware = unaware;
    const onFailure = (error: unknown): void => void this.failures.push(error);
    this.store = new NoteStore({ store: new MemoryStore(), maxBytes, onFailure });
    const door = this.network.join(SERVER);
    this.server = new NoteServer({
      door: unaware ? blind(door) : door,
      store: this.store,
      exchangeMs: 600_000,
    });
  }

  join(name: string): Person {
    // Everybody sees the server and nobody else.
    for (const other of this.#names) this.network.cut(name, other);
    this.#names.push(name);
    const replica = this.#names.length;
    const text = new Text({ replica });
    // The page listens before it is connected.
    this.network.cut(name, SERVER);
    const transport = this.network.join(name);
    const replicator = new Replicator({
      replicated: text,
      channel: transport.channel(NOTE_CHANNEL, decodeSyncMessage),
      neighbours: this.#unaware ? NOBODY : transport,
      clock: systemClock,
      batchMs: 0,
      exchangeMs: 600_000,
    });
    this.#replicators.push(replicator);
    const heard: SavingAnswer[] = [];
    const saving = transport.channel<unknown>(SAVING_CHANNEL, decodeSavingAnswer);
    saving.onMessage((_from, answer) => heard.push(answer as SavingAnswer));
    transport.onPeer(({ kind }) => kind === 'up' && saving.send(SERVER, { replica }));
    this.network.heal(name, SERVER);
    const edit = (_update: Uint8Array): void => replicator.changed();
    return {
      text,
      heard,
      insert: (position, inserted) => edit(text.insert(position, inserted)),
      remove: (position, count) => edit(text.delete(position, count)),
      cut: () => this.network.cut(name, SERVER),
      heal: () => this.network.heal(name, SERVER),
    };
  }

  close(): void {
    this.server.close();
    for (const replicator of this.#replicators) replicator.close();
  }
}

/** The same door, but it never says who is there. */
function blind(door: Transport): Transport {
  return {
    self: door.self,
    maxMessageBytes: door.maxMessageBytes,
    channel: (name, decode) => door.channel(name, decode),
    peers: () => [],
    onPeer: () => () => {},
    status: () => door.status(),
    close: () => door.close(),
  };
}

/** Waits until what is under way has arrived, without a fixed time. */
export async function until(holds: () => boolean, turns = 3_000): Promise<boolean> {
  for (let turn = 0; turn < turns && !holds(); turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, turn < 100 ? 0 : 1));
  }
  return holds();
}
