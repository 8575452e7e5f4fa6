/** What the browser entry adds to a page. */
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { bundle } from '../support/bundle.ts';

const BUDGET_BYTES = 10_000;

it(`a page pays at most ${BUDGET_BYTES} bytes for the browser entry, minified and zipped`, async () => {
  const { code, complaints } = await bundle(
    `import { openBrowserTransport } from '@ds/transport-ws/browser';
     globalThis.open = openBrowserTransport;`,
  );
  const bytes = gzipSync(code, { level: 9 }).length;
  console.log(
    `@ds/transport-ws/browser: ${bytes} bytes minified and zipped (${code.length} plain)`,
  );
  expect(complaints).toEqual([]);
  expect(bytes).toBeLessThanOrEqual(BUDGET_BYTES);
  expect(bytes).toBeGreaterThan(BUDGET_BYTES / 4);
});
