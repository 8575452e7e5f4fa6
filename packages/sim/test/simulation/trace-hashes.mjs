// Prints the trace hashes of the replicated register for the seeds given, as JSON.
import { fileURLToPath } from 'node:url';
import { createViteServer } from 'vitest/node';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const conditions = ['@ds/source', 'module', 'node', 'import', 'default'];
const server = await createViteServer({
  root,
  configFile: false,
  logLevel: 'error',
  appType: 'custom',
  server: { middlewareMode: true, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
  resolve: { conditions },
  ssr: { resolve: { conditions }, noExternal: true },
});
const scenario = new URL('./register-scenario.ts', import.meta.url).pathname;
const { runRegister } = await server.ssrLoadModule(scenario);
const hashes = [];
for (const seed of process.argv[2].split(',')) hashes.push((await runRegister(Number(seed))).hash);
console.log(JSON.stringify(hashes));
await server.close();
