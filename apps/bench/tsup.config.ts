import { defineConfig } from 'tsup';

/** Programs to run: the harness, and one for each library that is measured. */
export default defineConfig({
  entry: ['src/main.ts', 'src/*/*.ts'],
  outDir: 'dist',
  format: ['esm'],
  target: 'es2023',
  platform: 'node',
  sourcemap: true,
  clean: true,
});
