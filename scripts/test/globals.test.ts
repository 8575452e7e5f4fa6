import { describe, expect, it } from 'vitest';
import { globalsUsed, mayTouchGlobals } from '../rules/globals.ts';
import { ROOT } from '../rules/repository.ts';
import { foldersUnder, sourcesUnder } from '../rules/sources.ts';

describe('only the listed files touch the world', () => {
  const folders = foldersUnder(ROOT, 'packages').filter((path) =>
    /^packages\/[^/]+\/src$/.test(path),
  );
  it.each(folders)('%s', (folder) => {
    const sources = sourcesUnder(ROOT, folder).filter(({ file }) => !mayTouchGlobals(file));
    expect(sources.flatMap(globalsUsed)).toEqual([]);
  });

  it('and the list names files, not packages', () => {
    expect(mayTouchGlobals('packages/clock/src/system.ts')).toBe(true);
    expect(mayTouchGlobals('packages/storage/src/node-lock.ts')).toBe(true);
    expect(mayTouchGlobals('packages/transport-ws/src/socket.ts')).toBe(true);
    expect(mayTouchGlobals('packages/clock/src/clock.ts')).toBe(false);
    expect(mayTouchGlobals('packages/raft/src/node.ts')).toBe(false);
    expect(mayTouchGlobals('packages/transport/src/socket.ts')).toBe(false);
  });
});

describe('a use of the world is found', () => {
  const uses = (text: string): string[] => globalsUsed({ file: 'packages/raft/src/log.ts', text });

  it.each([
    `const at = Date.now();`,
    `const at = new Date();`,
    `const at = Date();`,
    `const clock = { now: Date.now };`,
    `const at = performance.now();`,
    `const draw = Math.random();`,
    `const random = options.random ?? Math.random;`,
    `const { random } = Math;`,
    `const id = crypto.randomUUID();`,
    `const hash = await crypto.subtle.digest('SHA-256', bytes);`,
    `setTimeout(() => {}, 1);`,
    `const later = setInterval;`,
    `setImmediate(f);`,
    `queueMicrotask(f);`,
    `const timers = { setTimeout };`,
    `const signal = AbortSignal.timeout(5);`,
    `const { timeout } = AbortSignal;`,
    `console.log(process.pid);`,
    `globalThis.setTimeout(f, 1);`,
    `globalThis.process?.getBuiltinModule?.('node:fs');`,
    `const worker = new Worker('x.js');`,
    `class Mine extends Worker {}`,
    `const page = await fetch('http://localhost');`,
    `import { createHmac, randomBytes } from 'node:crypto';`,
    `import * as crypto from 'node:crypto';`,
    `import 'node:crypto';`,
    `import { readFileSync } from 'node:fs';`,
    `import fs from 'fs';`,
    `export { createHash } from 'node:crypto';`,
    `const fs = await import('node:fs');`,
    `const fs = require('fs');`,
    `function f() { const process = 1; return process; }\nexport const pid = process.pid;`,
  ])('%s', (text) => {
    expect(uses(`${text}\nexport {};`).length).toBeGreaterThan(0);
  });

  it.each([
    `// Date.now() and setTimeout`,
    `/** {@link setTimeout}, Math.random() */`,
    `const text = 'Date.now()' + \`\${1} process.exit()\`;`,
    `function draw(random = Math.random) { return random(); }`,
    `function draw({ random = Math.random } = {}) { return random(); }`,
    `const most = Math.max(1, 2);`,
    `const at = new Date(0).toISOString() + Date.UTC(2020, 1);`,
    `let timer: ReturnType<typeof setTimeout> | undefined;`,
    `const any = AbortSignal.any([]);\nconst ok = signal instanceof AbortSignal;\nlet signal: AbortSignal;`,
    `clock.setTimeout(1); world.process.exit(); const { crypto: mine } = world; declare const clock, world;`,
    `const options = { process: 1, fetch() {} };`,
    `function run(process: { id: number }) { return process.id + 1; }`,
    `import { fetch } from './fetch.ts';\nfetch();`,
    `import type { Readable } from 'node:stream';\nimport { type Server } from 'node:net';`,
    `import { createHmac, type Hmac } from 'node:crypto';`,
    `globalThis.process?.getBuiltinModule?.('node:diagnostics_channel');`,
  ])('and what only looks like one is let be: %s', (text) => {
    expect(uses(`${text}\nexport {};`)).toEqual([]);
  });
});
