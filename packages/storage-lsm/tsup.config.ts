import { defineConfig } from 'tsup';
// @boundaries-ignore what to build is decided once, at the root
import base from '../../tsup.base.ts';

// The worker's program is found beside the module, also from CommonJS.
export default defineConfig({ ...base(), shims: true });
