/** What a browser has to load for one import, minified and packed. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

interface Bundler {
  buildSync(options: object): { outputFiles: { contents: Uint8Array }[] };
}

// The bundler that builds the packages brings it along.
const tsup = createRequire(import.meta.url).resolve('tsup');
const { buildSync } = createRequire(tsup)('esbuild') as Bundler;
const source = fileURLToPath(new URL('../../src/index.ts', import.meta.url));

function packedBytes(names: string): number {
  const { outputFiles } = buildSync({
    stdin: { contents: `export { ${names} } from ${JSON.stringify(source)};`, resolveDir: '/' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    conditions: ['@ds/source'],
  });
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
}

describe('size', () => {
  it.each([
    ...['gCounter', 'pnCounter', 'gSet', 'twoPhaseSet', 'orSet', 'lwwElementSet', 'lwwRegister'],
    ...['mvRegister', 'enableWinsFlag', 'disableWinsFlag', 'orMap', 'lwwMap', 'orderedList'],
    'resettableCounter',
  ])('%s is at most 3 kB, and 3.5 kB with what puts it into bytes', (name) => {
    const bytes = packedBytes(name);
    expect(bytes).toBeGreaterThan(400);
    expect(bytes).toBeLessThanOrEqual(3 * 1024);
    expect(packedBytes(`${name}, encode, decode`)).toBeLessThanOrEqual(3.5 * 1024);
  });

  it('Text with undo and presence is at most 15 kB', () => {
    const bytes = packedBytes('Text, Undo, Presence, anchorAt, positionOf');
    expect(bytes).toBeGreaterThan(4_000);
    expect(bytes).toBeLessThanOrEqual(15 * 1024);
  });
});
