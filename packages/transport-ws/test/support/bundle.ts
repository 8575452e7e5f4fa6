/** Bundles for a page, from sources, as a user's vite would make them from what is published. */
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** The program in `main` as one minified module; `complaints` is what vite warned of. */
export async function bundle(main: string): Promise<{ code: string; complaints: string[] }> {
  const complaints: string[] = [];
  const warn = (text: string): void => void complaints.push(text);
  const entry = '\0main';
  const output = await build({
    root: fileURLToPath(new URL('../..', import.meta.url)),
    configFile: false,
    customLogger: {
      ...{ info() {}, clearScreen() {}, hasErrorLogged: () => false, hasWarned: false },
      ...{ warn, warnOnce: warn, error: warn },
    },
    plugins: [
      {
        name: 'main',
        resolveId: (id, importer) => {
          if (id === 'main') return entry;
          if (importer === entry && id === '@ds/transport-ws/browser') {
            return fileURLToPath(new URL('../../src/browser.ts', import.meta.url));
          }
          return undefined;
        },
        load: (id) => (id === entry ? main : undefined),
      },
    ],
    resolve: { conditions: ['@ds/source', 'module', 'browser', 'import', 'default'] },
    build: {
      write: false,
      target: 'es2022',
      minify: true,
      modulePreload: false,
      rollupOptions: { input: 'main', output: { format: 'es' } },
    },
  });
  const [made] = [output].flat();
  if (made === undefined || !('output' in made)) throw new Error('vite made nothing');
  return { code: made.output[0].code, complaints };
}
