// Lays out a package the way every package here is laid out:
// `node scripts/new-package.mjs NAME port|value|driver|mechanism [ENTRY ...]`.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './setup/workspace.mjs';

const LAYERS = ['port', 'value', 'driver', 'mechanism'];
const USAGE = `usage: node scripts/new-package.mjs NAME ${LAYERS.join('|')} [ENTRY ...]`;

const [name = '', layer = '', ...entries] = process.argv.slice(2);
const folder = join(ROOT, 'packages', name);
if (!/^[a-z][a-z0-9-]*$/.test(name) || !LAYERS.includes(layer)) stop(USAGE, 2);
if (existsSync(folder)) stop(`packages/${name} is there already`, 1);

write('package.json', json(manifest()));
write('turbo.json', compactJson({ extends: ['//'], tags: [layer] }));
write(
  'tsconfig.json',
  compactJson({ extends: '../../tsconfig.base.json', include: ['src', 'test', 'examples'] }),
);
write('tsup.config.ts', tsupConfig());
for (const entry of ['index', ...entries]) write(`src/${entry}.ts`, 'export {};\n');
mkdirSync(join(folder, 'test/unit'), { recursive: true });
write('README.md', readme());
console.log(`packages/${name} is laid out; next: \`npx pnpm@10 install\`, and its README`);

function manifest() {
  return {
    name: `@ds/${name}`,
    version: '0.0.0',
    description: '',
    license: 'MIT',
    type: 'module',
    sideEffects: false,
    engines: { node: '>=20.19' },
    files: ['dist', 'src'],
    main: './dist/index.cjs',
    module: './dist/index.js',
    types: './dist/index.d.ts',
    exports: {
      '.': target('index'),
      ...Object.fromEntries(entries.map((entry) => [`./${entry}`, target(entry)])),
      './package.json': './package.json',
    },
    ds: { browserSafe: true },
    scripts: { build: 'tsup', typecheck: 'tsc -p .' },
    publishConfig: { access: 'public' },
  };
}

/** Sources first, so that nothing has to be built for tests and types. */
function target(entry) {
  return {
    '@ds/source': `./src/${entry}.ts`,
    import: { types: `./dist/${entry}.d.ts`, default: `./dist/${entry}.js` },
    require: { types: `./dist/${entry}.d.cts`, default: `./dist/${entry}.cjs` },
  };
}

function tsupConfig() {
  return `import { defineConfig } from 'tsup';
// @boundaries-ignore what to build is decided once, at the root
import base from '../../tsup.base.ts';

export default defineConfig(base());
`;
}

/** The sections that every README has, for the author to fill: see scripts/rules/package-page.ts. */
function readme() {
  const install = `\`\`\`sh\nnpm i @ds/${name}\n\`\`\``;
  const rest = ['Guarantees, limits, and what it is not', 'Errors', 'How it works', 'References'];
  const sections = rest.map((title) => `## ${title}\n`);
  return [`# @ds/${name}\n`, `## Install\n\n${install}\n`, ...sections].join('\n');
}

function json(value) {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Short arrays on one line, as the formatter wants them everywhere but in package.json. */
function compactJson(value) {
  return json(value).replace(
    /\[\s+([^[\]{}]*?)\s+\]/g,
    (_, items) => `[${items.replace(/\s+/g, ' ')}]`,
  );
}

function write(file, text) {
  mkdirSync(join(folder, file, '..'), { recursive: true });
  writeFileSync(join(folder, file), text);
}

function stop(sentence, code) {
  console.error(sentence);
  process.exit(code);
}
