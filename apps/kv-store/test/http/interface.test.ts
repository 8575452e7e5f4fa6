import { describe } from 'vitest';
import { interfaceSuite } from './interface.ts';

describe('on the LSM tree', () => interfaceSuite({ engine: 'lsm' }));
describe('on the B+tree', () => interfaceSuite({ engine: 'btree' }));
