import { defineConfig } from 'tsup';
// @boundaries-ignore what to build is decided once, at the root
import base from '../../tsup.base.ts';

// `import.meta.url` in CommonJS: workers.ts finds the program of its threads by it.
export default defineConfig({ ...base(), shims: true });
