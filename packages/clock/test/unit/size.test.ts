/** What each clock adds to a bundle when it alone is imported, minified and compressed. */
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
const index = fileURLToPath(new URL('../../src/index.ts', import.meta.url));

const BUDGET_BYTES = 2_048;
/** No clock, but a buffer that brings one along. */
const DELIVERY_BUDGET_BYTES = 2_130;

function bytesOf(imported: string): number {
  const { outputFiles } = buildSync({
    stdin: { contents: `export { ${imported} } from ${JSON.stringify(index)};`, resolveDir: '/' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
  });
  return gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
}

describe('alone in a bundle, compressed, at most 2 kB weighs', () => {
  it.each([
    'LamportClock',
    'LamportClock, compareLamport, encodeLamport, decodeLamport',
    'VersionVector',
    'VectorClock',
    'DottedVersionVector',
    'SiblingSet',
    'CausalContext',
    'CausalStability',
    'IntervalTreeClock',
    'HybridLogicalClock',
    'HybridLogicalClock, compareTimestamps, writeTimestamp, readTimestamp',
    'BoundedClock',
    'SortableIds',
    'systemClock',
  ])('%s', (imported) => {
    const bytes = bytesOf(imported);
    expect(bytes).toBeGreaterThan(100);
    expect(bytes).toBeLessThanOrEqual(BUDGET_BYTES);
  });

  it('but for CausalDelivery, a little more', () => {
    expect(bytesOf('CausalDelivery')).toBeLessThanOrEqual(DELIVERY_BUDGET_BYTES);
  });
});
