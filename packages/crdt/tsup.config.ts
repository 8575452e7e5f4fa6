import { defineConfig } from 'tsup';
// @boundaries-ignore what to build is decided once, at the root
import base from '../../tsup.base.ts';

export default defineConfig(base());
