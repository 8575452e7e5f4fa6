import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Layer, type Member, wrongArrows } from '../rules/layers.ts';
import { members, ROOT } from '../rules/repository.ts';
import { sourcesUnder } from '../rules/sources.ts';

const all = members();

describe('no wrong arrow leaves', () => {
  it.each(all.map((member) => [member.name, member] as const))('%s', (_name, member) => {
    const sources = sourcesUnder(ROOT, join(member.folder, 'src'));
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.flatMap((source) => wrongArrows(source, member, all))).toEqual([]);
  });
});

describe('a wrong arrow is found', () => {
  const NAMES = ['clock', 'transport', 'storage', 'crdt', 'resilience', 'sim', 'storage-lsm'];
  NAMES.push('transport-ws', 'raft', 'gossip', 'kv-store', 'cart');
  const member = (name: string, layer: Layer): Member => ({
    name: `@ds/${name}`,
    layer,
    folder: `${layer === 'app' ? 'apps' : 'packages'}/${name}`,
    dependencies: ['ws', ...NAMES.map((each) => `@ds/${each}`)],
  });
  const kit = [
    ...['clock', 'transport', 'storage'].map((name) => member(name, 'port')),
    ...['crdt', 'resilience'].map((name) => member(name, 'value')),
    ...['sim', 'storage-lsm', 'transport-ws'].map((name) => member(name, 'driver')),
    ...['raft', 'gossip'].map((name) => member(name, 'mechanism')),
    ...['kv-store', 'cart'].map((name) => member(name, 'app')),
  ];
  const faults = (name: string, text: string): string[] => {
    const from = kit.find((candidate) => candidate.name === `@ds/${name}`);
    if (!from) throw new Error(name);
    return wrongArrows({ file: `${from.folder}/src/index.ts`, text }, from, kit);
  };

  it.each([
    ['clock', `import { Transport } from '@ds/transport';`],
    ['transport', `import { x } from '@ds/storage';`],
    ['storage', `export * from '@ds/sim';`],
    ['crdt', `import { copyPlain } from '@ds/transport';`],
    ['crdt', `import { backoff } from '@ds/resilience';`],
    ['sim', `import { backoff } from '@ds/resilience';`],
    ['sim', `import type { Raft } from '@ds/raft';`],
    ['transport-ws', `import { World } from '@ds/sim';`],
    ['storage-lsm', `const ws = await import('@ds/transport-ws');`],
    ['raft', `import { Lsm } from '@ds/storage-lsm';`],
    ['raft', `let swim: import('@ds/gossip').Swim;`],
    ['raft', `export { put } from '@ds/kv-store/client';`],
    ['raft', `import { term } from '../test/term.ts';`],
    ['raft', `import { now } from '../../clock/src/clock.ts';`],
    ['raft', `import lodash from 'lodash';`],
    ['raft', `import { x } from '@ds/absent';`],
    ['cart', `import { put } from '@ds/kv-store/client';`],
  ])('in %s: %s', (name, text) => {
    expect(faults(name, text)).toHaveLength(1);
  });

  it.each([
    ['transport', `import { systemClock } from '@ds/clock';`],
    ['crdt', `import type { NodeId } from '@ds/transport';`],
    ['crdt', `import { type NodeId, type Channel } from '@ds/transport';`],
    ['crdt', `import { HybridClock } from '@ds/clock';`],
    ['sim', `import { MemoryNetwork } from '@ds/transport/memory';`],
    ['transport-ws', `import ws from 'ws'; import { backoff } from '@ds/resilience';`],
    ['raft', `// import { Lsm } from '@ds/storage-lsm';\nimport { log } from './log.ts';`],
    ['raft', `const text = "import '@ds/gossip'";`],
    ['kv-store', `import { Raft } from '@ds/raft'; import { Lsm } from '@ds/storage-lsm';`],
  ])('and a right one is let be, in %s: %s', (name, text) => {
    expect(faults(name, text)).toEqual([]);
  });
});
