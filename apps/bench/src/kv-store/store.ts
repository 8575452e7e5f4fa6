/** What is measured of a store: three processes, and the requests that clients send to them. */
import type { Protocol } from './connection.ts';
import type { Servers } from './servers.ts';

/** How clients ask: over the store's own protocol, or over what it speaks of HTTP. */
export interface Interface {
  /** Where each node listens for it, in the order of the nodes. */
  readonly ports: readonly number[];
  protocol(): Protocol;
  put(key: string): Buffer;
  /** Linearizable. */
  get(key: string): Buffer;
}

export interface Store {
  readonly servers: Servers;
  readonly native: Interface;
  readonly http: Interface;
  /** Which node leads, by its place; `undefined` while none does. */
  leader(): Promise<number | undefined>;
}

export const KEYS = 10_000;
export const VALUE: Buffer = Buffer.alloc(256, 'x');

export function keyName(i: number): string {
  return `key-${i % KEYS}`;
}

/** Requests by key, each made once: making them is no part of what is measured. */
export function requests(make: (key: string) => Buffer): (key: string) => Buffer {
  const made = new Map<string, Buffer>();
  return (key) => {
    let request = made.get(key);
    if (request === undefined) {
      request = make(key);
      made.set(key, request);
    }
    return request;
  };
}
