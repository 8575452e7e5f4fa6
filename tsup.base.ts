import { readFileSync } from 'node:fs';
import type { Options } from 'tsup';

/** What to build follows from the `@ds/source` entries of the package's own exports. */
export default function config(): Options {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
    exports: Record<string, string | { '@ds/source'?: string }>;
    bin?: Record<string, string>;
    ds?: { entries?: string[] };
  };
  const sources = Object.values(manifest.exports).flatMap((target) =>
    typeof target === 'object' && target['@ds/source'] ? [target['@ds/source']] : [],
  );
  return {
    entry: [...sources, ...(manifest.ds?.entries ?? [])],
    format: ['esm', 'cjs'],
    target: 'es2023',
    dts: {
      entry: sources,
      compilerOptions: { composite: false, noEmit: false, emitDeclarationOnly: true },
    },
    // One copy of each class per format, also across entries: `instanceof` has to work.
    splitting: true,
    sourcemap: true,
    clean: true,
    treeshake: true,
  };
}
