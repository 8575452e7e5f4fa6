/**
 * Ports nobody listens on, for servers that are killed and come back on the same port.
 *
 * They are taken below the ephemeral range on purpose: a port from `listen(0)` may be handed to any
 * outgoing connection while its server is dead, and then the server cannot come back.
 */
import { createServer, type Server } from 'node:net';
import { DemoError } from './demo-error.ts';

const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const MAX_TRIES = 500;

/** `count` different free ports of 127.0.0.1. */
export async function freePorts(count: number): Promise<number[]> {
  const held: Server[] = [];
  const ports: number[] = [];
  try {
    let port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    for (let tries = 0; ports.length < count; tries++) {
      if (tries === MAX_TRIES) throw new DemoError('No free ports were found on 127.0.0.1.');
      port = port === LAST_PORT ? FIRST_PORT : port + 1;
      const server = await tryListen(port);
      if (server === undefined) continue;
      held.push(server);
      ports.push(port);
    }
    return ports;
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

function tryListen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server));
  });
}
