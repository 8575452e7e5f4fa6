/** The browser entry in a real Chromium, against a door of this process. */
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Channel } from '@ds/transport';
import { sameMessage } from '@ds/transport/conformance';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClientDoor } from '../../src/index.ts';
import { bundle } from '../support/bundle.ts';
import { openDoor } from '../support/clients.ts';
import { until } from '../support/cluster.ts';
import { Wire } from '../support/wire.ts';

const CANDIDATES = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser'];
const executablePath = CANDIDATES.find((path) => path !== undefined && existsSync(path));

if (executablePath === undefined && process.env.CI === 'true') {
  throw new Error('The browser entry is tested in Chromium: install it, or set CHROMIUM_PATH.');
}

/** What the page runs: echoes every message, and keeps what happens to its connection. */
const PROGRAM = `
  import { openBrowserTransport } from '@ds/transport-ws/browser';
  globalThis.connect = (self, url, token) => {
    const transport = openBrowserTransport({
      self, nodes: { door: url }, token, backoff: { initialMs: 5, maxMs: 50 },
    });
    const events = [];
    transport.onPeer(({ kind, incarnation }) => events.push(kind + ' ' + incarnation));
    const echo = transport.channel('echo', (plain) => plain);
    echo.onMessage((from, message) => echo.send(from, message));
    globalThis.page = { transport, events, echo };
  };`;

const MESSAGES: readonly unknown[] = [
  ...[null, true, false, 0, 1, -1, 127, 128, -33, 65_536, -(2 ** 31), 2 ** 32 - 1, 2 ** 53, 0.1],
  ...[1n, -(2n ** 63n), 2n ** 63n - 1n, '', 'text', 'é\u{1f600}\ufffd\ufeff', 'x'.repeat(100_000)],
  ...[new Uint8Array(0), Uint8Array.of(1, 2, 255), new Uint8Array(70_000).fill(7)],
  ...[[], {}, [[1, [2, ['three']]]], { a: { b: [{ c: null }] }, constructor: 1, '': '' }],
  Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`key ${i}`, i])),
];

declare const page: {
  readonly events: string[];
  readonly echo: { send(to: string, message: unknown): string };
  readonly transport: {
    close(): Promise<void>;
    status(): { links: Record<string, { problem: string | undefined }> };
  };
};
declare function connect(self: string, url: string, token: string): void;

describe.skipIf(executablePath === undefined)('a page in Chromium', () => {
  let door: ClientDoor;
  let wire: Wire;
  let browser: Browser;
  let tab: Page;
  let echo: Channel<unknown>;
  const server = createServer();
  const received: unknown[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    door = await openDoor('door');
    wire = await Wire.open(door.port);
    echo = door.channel('echo', (plain) => plain);
    echo.onMessage((_, message) => received.push(message));
    const { code } = await bundle(PROGRAM);
    server.on('request', (request, response) => {
      const isCode = request.url === '/main.js';
      const type = isCode ? 'text/javascript' : 'text/html';
      // Nothing here needs more than this; eval, for one, is forbidden.
      const sources = `script-src 'self'; connect-src ${wire.url}; img-src data:`;
      const policy = `default-src 'none'; ${sources}`;
      response.writeHead(200, { 'content-type': type, 'content-security-policy': policy });
      const html = '<link rel="icon" href="data:,"><script type="module" src="/main.js"></script>';
      response.end(isCode ? code : `<!doctype html>${html}`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await chromium.launch({
      executablePath: executablePath!,
      args: ['--no-sandbox', '--disable-background-networking'],
    });
    tab = await browser.newPage();
    tab.on('pageerror', (error) => complaints.push(error.message));
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await tab.waitForFunction(() => 'connect' in globalThis);
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await door?.close();
    await wire?.close();
    server.close();
  });

  it('shows its token and comes up', async () => {
    await tab.evaluate((url) => connect('alice/1', url, 'token of alice'), wire.url);
    await until(() => [...door.peers()].length === 1, 'the page');
    expect([...door.peers()]).toEqual(['alice/1']);
    expect(door.identityOf('alice/1')).toBe('alice');
  });

  it('sends back plain data of every kind as it came', async () => {
    for (const message of MESSAGES) expect(echo.send('alice/1', message)).toBe('queued');
    await until(() => received.length === MESSAGES.length, 'every echo');
    for (const [i, message] of MESSAGES.entries()) {
      expect(sameMessage(received[i], message)).toBe(true);
    }
  });

  it('comes back after the connection is cut, with a larger incarnation', async () => {
    wire.cut();
    await until(() => [...door.peers()].length === 0, 'the loss');
    expect(await tab.evaluate(() => page.echo.send('door', 'lost'))).toBe('unreachable');
    wire.heal();
    await until(() => [...door.peers()].length === 1, 'the return');
    await tab.waitForFunction(() => page.events.length === 3);
    expect(await tab.evaluate(() => page.events)).toEqual(['up 1', 'down 1', 'up 2']);
  });

  it('saturates rather than hoards, and hears of room', async () => {
    received.length = 0;
    const { accepted, drained } = await tab.evaluate(async () => {
      const body = new Uint8Array(60_000);
      let sent = 0;
      while (sent < 5_000 && page.echo.send('door', [sent, body]) === 'queued') sent += 1;
      const { echo } = page as unknown as {
        echo: { onDrain(listener: () => void): void };
      };
      await new Promise<void>((resolve) => echo.onDrain(resolve));
      return { accepted: sent, drained: page.echo.send('door', ['room']) };
    });
    expect(accepted).toBeGreaterThan(10);
    expect(accepted).toBeLessThan(100);
    expect(drained).toBe('queued');
    await until(() => received.length === accepted + 1, 'what was accepted');
    expect(received.map((message) => (message as unknown[])[0])).toEqual([
      ...[...Array(accepted).keys()],
      'room',
    ]);
  });

  it('tells the node when it closes, and why it is refused', async () => {
    await tab.evaluate(() => page.transport.close());
    await until(() => [...door.peers()].length === 0, 'the end');
    await tab.evaluate((url) => connect('alice/2', url, 'guessed'), wire.url);
    await tab.waitForFunction(() => page.transport.status().links.door?.problem === 'wrong-token');
    expect(door.status().refused['wrong-token']).toBeGreaterThan(0);
    await tab.evaluate(() => page.transport.close());
    expect(complaints).toEqual([]);
  });
});
