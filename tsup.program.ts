import type { Options } from 'tsup';

/**
 * How tests build programs that run as processes of their own: bundled from the sources, so that no
 * build has to come before them. `entry` has their paths by name; `name.mjs` comes out, in `outDir`.
 */
export default function program(entry: Record<string, string>, outDir: string): Options {
  return {
    config: false,
    entry,
    outDir,
    format: 'esm',
    target: 'es2023',
    platform: 'node',
    outExtension: () => ({ js: '.mjs' }),
    noExternal: [/^@ds\//],
    silent: true,
    esbuildOptions: (options) => {
      options.conditions = ['@ds/source'];
    },
  };
}
