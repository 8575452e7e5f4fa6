import { readFileSync } from 'node:fs';
import { explore, SimulationError } from '@ds/sim';
import { describe, expect, it } from 'vitest';
import { scenario } from '../../examples/two-copies.ts';

const page = (name: string): string =>
  readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

describe("the page's example", () => {
  it('finds, shrinks and draws the bug, and the picture is the one it draws', async () => {
    const artifacts = new Map<string, string>();
    const error = await explore({
      scenario,
      seeds: 100,
      onArtifact: (name, content) => artifacts.set(name, content),
    }).catch((thrown: unknown) => thrown as SimulationError);
    expect(error).toBeInstanceOf(SimulationError);
    const { message, property } = error as SimulationError;
    expect(property).toBe('linearizable');
    const [, svg] = [...artifacts].find(([name]) => name.endsWith('.svg'))!;
    await expect(svg).toMatchFileSnapshot('../../docs/two-copies.svg');
    // What it prints stands on the page, word for word.
    expect(page('README.md')).toContain(message);
    const body = page('examples/two-copies.ts').split('export ')[1]!.trim();
    expect(page('README.md')).toContain(body);
  });
});
