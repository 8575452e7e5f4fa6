import { transportConformance } from '@ds/transport/conformance';
import { describe, expect, it } from 'vitest';
import { Cluster } from '../support/cluster.ts';

transportConformance({ describe, it, expect, create: () => new Cluster() });
