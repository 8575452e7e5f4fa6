import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DemoState } from '../../src/demo/state.ts';
import { type SupervisedDemo, SupervisorHttp } from '../../src/demo/supervisor-http.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let directory: string;
let http: SupervisorHttp;
let commands: string[];
let tick: () => void;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ds-web-'));
  mkdirSync(join(directory, 'web', 'assets'), { recursive: true });
  writeFileSync(join(directory, 'web', 'index.html'), '<!doctype html>the page');
  writeFileSync(join(directory, 'web', 'assets', 'page.js'), 'export {};');
  writeFileSync(join(directory, 'secret.txt'), 'not yours');
  commands = [];
  const said = (text: string) => async (): Promise<void> => {
    commands.push(text);
  };
  const state = { phase: 'ready', nodes: [], samples: [], events: [] } as unknown as DemoState;
  const supervisor: SupervisedDemo = {
    state: () => state,
    update: () => ({ ...state, nowMs: 42 }),
    onTick: (listener) => {
      tick = listener;
      return () => {
        tick = () => commands.push('a tick after the end');
      };
    },
    kill: (id) => said(`kill ${id}`)(),
    killLeader: said('kill leader'),
    setLoad: (load) => said(`load ${load}`)(),
    add: async () => {
      await said('add')();
      return 'n3';
    },
    remove: (id) => said(`remove ${id}`)(),
    cluster: {
      ids: ['n1', 'n2'],
      restart: (id) => said(`restart ${id}`)(),
      cut: (id) => said(`cut ${id}`)(),
      rejoin: (id) => said(`rejoin ${id}`)(),
    },
  };
  http = await SupervisorHttp.listen({ supervisor, webDirectory: join(directory, 'web') });
});

afterEach(async () => {
  await http.close();
  rmSync(directory, { recursive: true });
});

function ask(path: string, options: { method?: string; headers?: object } = {}): Promise<Answer> {
  const { hostname, port } = new URL(http.url);
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {} } = options;
    // `path` goes out as it is, dots and all.
    const asked = request({ hostname, port, path, method, headers: { ...headers } }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    asked.on('error', reject).end();
  });
}

describe('the door of the supervisor', () => {
  it('serves the page with a policy that allows nothing from elsewhere', async () => {
    const { status, headers, body } = await ask('/');
    expect([status, body]).toEqual([200, '<!doctype html>the page']);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect((await ask('/assets/page.js')).headers['content-type']).toContain('text/javascript');
  });

  it('serves nothing outside the built page', async () => {
    for (const path of [
      '/../secret.txt',
      '/%2e%2e/secret.txt',
      '/assets/../../secret.txt',
      '//etc/passwd',
    ]) {
      expect((await ask(path)).body).not.toContain('not yours');
      expect((await ask(path)).status).toBe(404);
    }
  });

  it('obeys its own page', async () => {
    const origin = new URL(http.url).origin;
    const headers = { origin, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' };
    for (const path of ['nodes/n1/kill', 'nodes/n2/restart', 'nodes/n1/cut', 'nodes/n1/rejoin']) {
      expect((await ask(`/api/${path}`, { method: 'POST', headers })).status).toBe(200);
    }
    await ask('/api/kill-leader', { method: 'POST', headers });
    await ask('/api/load/heavy', { method: 'POST', headers });
    await ask('/api/nodes', { method: 'POST', headers });
    await ask('/api/nodes/n1/remove', { method: 'POST', headers });
    const expected = ['kill n1', 'restart n2', 'cut n1', 'rejoin n1', 'kill leader', 'load heavy'];
    expect(commands).toEqual([...expected, 'add', 'remove n1']);
  });

  it('refuses every request with a Host that is not a loopback name on its own port', async () => {
    const { port } = new URL(http.url);
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1:1',
      `127.0.0.1.evil:${port}`,
    ]) {
      expect((await ask('/api/state', { headers: { host } })).status).toBe(403);
      expect((await ask('/api/kill-leader', { method: 'POST', headers: { host } })).status).toBe(
        403,
      );
    }
    expect((await ask('/', { headers: { host: `localhost:${port}` } })).status).toBe(200);
    expect(commands).toEqual([]);
  });

  it('refuses commands and state to pages of other origins', async () => {
    const { port } = new URL(http.url);
    for (const origin of [
      'http://evil.example',
      'null',
      `http://localhost:${port}`,
      'http://127.0.0.1:1',
    ]) {
      expect((await ask('/api/kill-leader', { method: 'POST', headers: { origin } })).status).toBe(
        403,
      );
      expect((await ask('/api/state', { headers: { origin } })).status).toBe(403);
    }
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' };
    expect((await ask('/api/kill-leader', { method: 'POST', headers })).status).toBe(403);
    expect((await ask('/api/events', { headers })).status).toBe(403);
    expect(commands).toEqual([]);
  });

  it('changes nothing by GET, and knows no other nodes, verbs and loads', async () => {
    for (const path of ['kill-leader', 'nodes/n1/kill', 'load/heavy']) {
      expect((await ask(`/api/${path}`)).status).toBe(404);
    }
    for (const path of ['nodes/n9/kill', 'nodes/n1/melt', 'load/extreme', 'nodes/__proto__/kill']) {
      expect((await ask(`/api/${path}`, { method: 'POST' })).status).toBe(404);
    }
    expect((await ask('/api/state', { method: 'DELETE' })).status).toBe(405);
    expect(commands).toEqual([]);
  });

  it('streams the whole state first, then updates, until the page goes away', async () => {
    const stop = new AbortController();
    const response = await fetch(`${http.url}api/events`, { signal: stop.signal });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toMatch(/^event: state\ndata: \{"phase":"ready"/);
    tick();
    expect((await reader.read()).value).toMatch(/^event: update\ndata: .*"nowMs":42/);
    stop.abort();
  });
});
