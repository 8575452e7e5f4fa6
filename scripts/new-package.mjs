// Lays out a package the way every package here is laid out: `node scripts/new-package.mjs NAME LAYER [ENTRY ...]`.
import { mkdirSync, writeFileSync, existsSync } from 'node:fs';

const [name, layer, ...entries] = process.argv.slice(2);
if (!name || !['port', 'value', 'driver', 'mechanism'].includes(layer)) {
  console.error('usage: node scripts/new-package.mjs NAME port|value|driver|mechanism [ENTRY ...]');
  process.exit(2);
}
const root = `packages/${name}`;
if (existsSync(root)) {
  console.error(`${root} is there already`);
  process.exit(1);
}
const target = (entry) => ({
  '@ds/source': `./src/${entry}.ts`,
  import: { types: `./dist/${entry}.d.ts`, default: `./dist/${entry}.js` },
  require: { types: `./dist/${entry}.d.cts`, default: `./dist/${entry}.cjs` },
});
const exports = { '.': target('index') };
for (const entry of entries) exports[`./${entry}`] = target(entry);
exports['./package.json'] = './package.json';
const manifest = {
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
  exports,
  ds: { browserSafe: true },
  scripts: { build: 'tsup', typecheck: 'tsc -p .' },
  publishConfig: { access: 'public' },
};
const json = (value) => `${JSON.stringify(value, null, 2)}\n`;
mkdirSync(`${root}/src`, { recursive: true });
mkdirSync(`${root}/test/unit`, { recursive: true });
writeFileSync(`${root}/package.json`, json(manifest));
writeFileSync(`${root}/turbo.json`, json({ extends: ['//'], tags: [layer] }));
writeFileSync(`${root}/tsconfig.json`, json({ extends: '../../tsconfig.base.json', include: ['src', 'test', 'examples'] }));
writeFileSync(
  `${root}/tsup.config.ts`,
  "import { defineConfig } from 'tsup';\nimport base from '../../tsup.base.ts';\n\nexport default defineConfig(base());\n",
);
writeFileSync(`${root}/src/index.ts`, '');
writeFileSync(`${root}/README.md`, `# @ds/${name}\n`);
