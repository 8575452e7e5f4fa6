/** The suite between a client and nodes: once with the client as the one that is looked at most. */
import { transportConformance } from '@ds/transport/conformance';
import { describe, expect, it } from 'vitest';
import { ClientNetwork } from '../support/clients.ts';

describe('a client that sends to a node', () => {
  transportConformance({ describe, it, expect, create: () => new ClientNetwork('a') });
});

describe('a node that sends to a client', () => {
  transportConformance({ describe, it, expect, create: () => new ClientNetwork('b') });
});
