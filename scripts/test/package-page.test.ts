import { describe, expect, it } from 'vitest';
import { type PackagePage, pageFaults } from '../rules/package-page.ts';
import { packagePages } from '../rules/repository.ts';

describe('a package presents itself whole', () => {
  const pages = packagePages();
  it.each(pages.map((page) => [page.manifest.name, page] as const))('%s', (_name, page) => {
    expect(pageFaults(page)).toEqual([]);
  });
});

const GOOD: PackagePage = {
  folder: 'packages/raft',
  manifest: {
    name: '@ds/raft',
    description: 'Consensus.',
    license: 'MIT',
    ds: { browserSafe: false, reason: 'it keeps files' },
  },
  errors: `export type Code = 'RAFT_NOT_LEADER';`,
  readme: [
    '# @ds/raft\n\nConsensus for all.\n\n## Install\n\n```sh\nnpm i @ds/raft\n```\n',
    "```ts\nimport { raft } from '@ds/raft';\nconsole.log(raft);\n```\n",
    '## Guarantees\n\n## Errors\n\n### `RAFT_NOT_LEADER`\n\nAsk another.\n',
    '## How it works\n\n```\n# not a heading\n```\n\n## References\n',
  ].join('\n'),
};

describe('a fault in how a package presents itself is found', () => {
  const withReadme = (from: string, to: string): PackagePage => {
    expect(GOOD.readme).toContain(from);
    return { ...GOOD, readme: GOOD.readme.replace(from, to) };
  };

  it('and a good page has none', () => {
    expect(pageFaults(GOOD)).toEqual([]);
  });

  it.each([
    ['no sentence', withReadme('Consensus for all.\n', '')],
    ['no install section', withReadme('## Install', '')],
    ['no guarantees', withReadme('## Guarantees', '')],
    ['sections out of order', withReadme('## References\n', '').readme],
    ['a heading only inside code', withReadme('## References', '```\n## References\n```')],
    ['no example', withReadme('```ts', '```js')],
    ['a long example', withReadme('console.log(raft);\n', 'console.log(raft);\n'.repeat(10))],
    ['an error without a heading', withReadme('### `RAFT_NOT_LEADER`', '')],
    ['no license', { ...GOOD, manifest: { ...GOOD.manifest, license: 'UNLICENSED' } }],
    ['no description', { ...GOOD, manifest: { ...GOOD.manifest, description: '' } }],
    ['browserSafe unsaid', { ...GOOD, manifest: { ...GOOD.manifest, ds: {} } }],
    ['no reason', { ...GOOD, manifest: { ...GOOD.manifest, ds: { browserSafe: false } } }],
  ])('%s', (_what, page) => {
    const bad = typeof page === 'string' ? { ...GOOD, readme: page } : page;
    expect(pageFaults(bad)).toHaveLength(1);
  });
});
