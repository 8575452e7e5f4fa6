import { describe, expect, it } from 'vitest';
import { transportConformance } from '../../src/conformance.ts';
import { memoryNetworkUnderTest } from './memory-network.ts';

transportConformance({ describe, it, expect, create: () => memoryNetworkUnderTest() });
