import { defineConfig } from 'tsup';

/** Programs to run, not a library: ESM alone, and types only for the client. */
export default defineConfig({
  entry: {
    server: 'src/server.ts',
    dskv: 'src/dskv.ts',
    demo: 'src/demo/main.ts',
    client: 'src/client.ts',
    'binary-client': 'src/binary/client.ts',
  },
  format: ['esm'],
  target: 'es2023',
  platform: 'node',
  sourcemap: true,
  clean: ['*.js', '*.js.map'],
  treeshake: true,
});
