import { defineConfig } from 'tsup';

/** A program to run, not a library: ESM alone, and no types. */
export default defineConfig({
  entry: { demo: 'src/demo/main.ts' },
  format: ['esm'],
  target: 'es2023',
  platform: 'node',
  sourcemap: true,
  clean: ['*.js', '*.js.map'],
  treeshake: true,
});
