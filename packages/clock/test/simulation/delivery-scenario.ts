/**
 * Nodes that broadcast over a network that loses, doubles and reorders, catch up with each other
 * now and then, and drop what everybody has. Judged: no effect before its cause, nothing twice,
 * nothing called stable that somebody lacks; and when all is calm, everything everywhere.
 */
import {
  CausalDelivery,
  type CausalDeliveryOptions,
  CausalStability,
  decodeVersionVector,
  encodeVersionVector,
  VersionVector,
} from '../../src/index.ts';
import { Chance, ensure, ToyNetwork } from './toy-network.ts';

interface Message {
  readonly sender: string;
  readonly number: number;
  readonly vector: Uint8Array;
}

/** What a planted bug replaces. */
export interface DeliveryDecisions {
  delivery(options: CausalDeliveryOptions<Message>): CausalDelivery<Message>;
  stability(members: readonly string[]): CausalStability;
}

export const deliveryDecisions: DeliveryDecisions = {
  delivery: (options) => new CausalDelivery(options),
  stability: (members) => new CausalStability(members),
};

class Node {
  readonly id: string;
  readonly #delivery: CausalDelivery<Message>;
  readonly #stability: CausalStability;
  readonly #seen = new VersionVector();
  readonly #log: Message[] = [];

  constructor(id: string, all: readonly string[], decisions: DeliveryDecisions, maxHeld: number) {
    this.id = id;
    this.#stability = decisions.stability(all);
    this.#delivery = decisions.delivery({
      deliver: (message) => this.#deliver(message),
      maxHeld,
    });
  }

  get seen(): VersionVector {
    return this.#seen;
  }

  get stable(): VersionVector {
    return this.#stability.stable;
  }

  broadcast(): Message {
    const vector = this.#delivery.delivered;
    const message = {
      sender: this.id,
      number: vector.increment(this.id),
      vector: encodeVersionVector(vector),
    };
    this.receive(message);
    return message;
  }

  receive(message: Message): void {
    this.#delivery.receive(message.sender, decodeVersionVector(message.vector), message);
  }

  /** What this node has delivered and one who has seen `vector` has not. */
  since(vector: VersionVector): Message[] {
    return this.#log.filter(({ sender, number }) => !vector.covers(sender, number));
  }

  #deliver(message: Message): void {
    const { sender, number } = message;
    const vector = decodeVersionVector(message.vector);
    ensure(!this.#seen.covers(sender, number), `${sender} ${number} is delivered once`);
    for (const [id, counter] of vector) {
      const needed = id === sender ? counter - 1 : counter;
      ensure(
        this.#seen.covers(id, needed),
        `${id} ${needed} is delivered before ${sender} ${number}`,
      );
    }
    this.#seen.advance(sender, number);
    this.#log.push(message);
    this.#stability.observe(sender, vector);
    this.#stability.observe(this.id, this.#seen);
  }
}

/** @returns how many messages were broadcast */
export function runDelivery(
  seed: number,
  decisions: DeliveryDecisions = deliveryDecisions,
): number {
  const chance = new Chance(seed);
  const network = new ToyNetwork<Message>(chance);
  const ids = Array.from({ length: 2 + chance.below(4) }, (_, i) => `n${i}`);
  const maxHeld = chance.pick([2, 20, 1_000]);
  const nodes = ids.map((id) => new Node(id, ids, decisions, maxHeld));
  let broadcasts = 0;
  for (let steps = 200; steps > 0; steps -= 1) {
    const at = chance.below(nodes.length);
    const node = nodes[at]!;
    const kind = chance.next();
    if (kind < 0.2) {
      const message = node.broadcast();
      broadcasts += 1;
      for (const to of ids.keys()) if (to !== at) network.send(to, message);
    } else if (kind < 0.95) {
      const arrived = network.take();
      if (arrived) nodes[arrived.to]!.receive(arrived.message);
    } else {
      for (const message of chance.pick(nodes).since(node.seen)) network.send(at, message);
    }
    checkStable(nodes);
  }
  for (let round = 0; round < 2; round += 1) {
    for (const node of nodes) node.broadcast();
    catchUp(nodes);
  }
  checkCalm(nodes, ids);
  return broadcasts;
}

function checkStable(nodes: readonly Node[]): void {
  for (const { id, stable } of nodes) {
    for (const { id: other, seen } of nodes) {
      const isPart = ['before', 'equal'].includes(stable.compare(seen));
      ensure(isPart, `what is stable at ${id} is delivered at ${other}`);
    }
  }
}

function catchUp(nodes: readonly Node[]): void {
  for (const node of nodes) {
    for (const other of nodes) for (const message of other.since(node.seen)) node.receive(message);
  }
}

function checkCalm(nodes: readonly Node[], ids: readonly string[]): void {
  checkStable(nodes);
  for (const { id, seen, stable } of nodes) {
    ensure(seen.compare(nodes[0]!.seen) === 'equal', `${id} has delivered everything`);
    // Each one's last broadcast is yet to be answered by the others.
    for (const member of ids) {
      const last = seen.get(member) - 1;
      ensure(stable.covers(member, last), `${member} ${last} becomes stable at ${id}`);
    }
  }
}
