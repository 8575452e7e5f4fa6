/**
 * Clients that read a value at one server and write it at another, with what they have read or
 * without, while servers exchange what they hold. In the end exactly those writes remain of which
 * no other write's client had read, directly or through others.
 */
import { decodeSiblingSet, encodeSiblingSet, SiblingSet, VersionVector } from '../../src/index.ts';
import { Chance, ensure } from './toy-network.ts';

type Siblings = SiblingSet<number>;

/** What a planted bug replaces. */
export interface SiblingDecisions {
  write(held: Siblings, server: string, value: number, context: VersionVector): Siblings;
  sync(one: Siblings, other: Siblings): Siblings;
}

export const siblingDecisions: SiblingDecisions = {
  write: (held, server, value, context) => held.write(server, value, context),
  sync: (one, other) => one.sync(other),
};

interface Client {
  context: VersionVector;
  /** The writes behind the context. */
  read: Set<number>;
}

/** @returns how many writes there were */
export function runSiblings(seed: number, decisions: SiblingDecisions = siblingDecisions): number {
  const chance = new Chance(seed);
  const ids = ['a', 'b', 'c'].slice(0, 1 + chance.below(3));
  const servers = ids.map(() => SiblingSet.empty<number>());
  const clients = Array.from({ length: 3 }, blank);
  // What the client of each write had read, and all that lies behind that.
  const behind: Set<number>[] = [];
  for (let steps = 40; steps > 0; steps -= 1) {
    const at = chance.below(servers.length);
    const server = servers[at]!;
    const client = chance.pick(clients);
    const kind = chance.next();
    if (kind < 0.25) {
      client.context = server.join();
      client.read = new Set(server.values.flatMap((value) => [value, ...behind[value]!]));
    } else if (kind < 0.6) {
      const { context, read } = chance.happens(0.3) ? blank() : client;
      behind.push(read);
      const value = behind.length - 1;
      const written = decisions.write(server, ids[at]!, value, context);
      servers[at] = decodeSiblingSet(encodeSiblingSet(written, encoded), decoded);
    } else {
      const other = chance.below(servers.length);
      servers[at] = decisions.sync(server, servers[other]!);
    }
  }
  const all = servers.reduce(decisions.sync);
  const replaced = new Set(behind.flatMap((values) => [...values]));
  const expected = [...behind.keys()].filter((value) => !replaced.has(value));
  const held = all.values.sort((a, b) => a - b);
  ensure(held.join() === expected.join(), `${held} remain, and ${expected} were not replaced`);
  return behind.length;
}

function blank(): Client {
  return { context: new VersionVector(), read: new Set() };
}

const encoded = (value: number): Uint8Array => Uint8Array.of(value);
const decoded = (bytes: Uint8Array): number => bytes[0]!;
