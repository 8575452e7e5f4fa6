import { describe, expect, it } from 'vitest';
import { crdtLaws } from '../../src/laws.ts';
import { subjects } from './subjects.ts';

for (const subject of subjects) crdtLaws({ describe, it, expect }, subject);
