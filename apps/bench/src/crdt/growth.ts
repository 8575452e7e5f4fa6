/**
 * `npm run bench -- crdt --growth`: what an edit costs in documents of 10,000 to 1,000,000
 * characters, and what a document costs in which as many were deleted; drawn into the package's
 * docs.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Text } from '@ds/crdt';
import type { RunContext } from '../bench.ts';
import { drawPanels, type Panel } from '../storage-lsm/growth-plot.ts';
import { memoryHeld, repeat } from './sessions.ts';

const SIZES = [10_000, 100_000, 1_000_000];
const EDITS = 20_000;
const COPIES = 8;
const PLOT = fileURLToPath(import.meta.url).replace(
  /apps[/\\]bench[/\\].*$/,
  'packages/crdt/docs/growth.svg',
);

/** The panels, and what is drawn in them. */
const FIGURES = {
  'an edit at a random place, CPU us': editUs,
  'as many deleted: opened, CPU ms': openMs,
  'as many deleted: memory held, MB': heldMb,
  'as many deleted: saved, kB': savedKb,
} as const;

export async function growth({ progress }: RunContext): Promise<object> {
  const panels = Object.entries(FIGURES).map(([title, measure]): Panel => {
    progress(title);
    const points = SIZES.map((size) => ({ x: size, y: measure(size) }));
    return { title, series: [{ name: '@ds/crdt', points }] };
  });
  const date = new Date().toISOString();
  const machine = `${cpus()[0]?.model.trim()}, Node ${process.version}`;
  const title = 'How cost grows with the number of characters';
  writeFileSync(PLOT, drawPanels(panels, `${machine}, ${date.slice(0, 10)}`, title));
  return { package: 'crdt', date, machine, plot: PLOT, panels };
}

function editUs(characters: number): number {
  const text = new Text({ replica: 1 });
  const draw = drawFrom(7);
  while (text.length < characters) text.insert(draw(text.length + 1), 'ten more. ');
  const ms = repeat(() => {
    for (let edit = 0; edit < EDITS; edit += 1) {
      text.insert(draw(text.length), 'x');
      text.delete(draw(text.length));
    }
  }, 5);
  return (1000 * ms) / (2 * EDITS);
}

function openMs(deleted: number): number {
  const bytes = worn(deleted);
  return repeat(() => void opened(bytes), 7);
}

function heldMb(deleted: number): number {
  const bytes = worn(deleted);
  // The first for nothing, and then several, or code compiled meanwhile would be counted for one.
  const texts = [opened(bytes)];
  const before = memoryHeld();
  while (texts.length <= COPIES) texts.push(opened(bytes));
  const held = (memoryHeld() - before) / COPIES;
  if (texts.some(({ length }) => length !== 1_001)) throw new Error('this is not what was saved');
  return held / 1e6;
}

function savedKb(deleted: number): number {
  return worn(deleted).length / 1000;
}

/** A thousand characters that are left, in a document in which `deleted` were deleted. */
function worn(deleted: number): Uint8Array {
  const text = new Text({ replica: 1 });
  const draw = drawFrom(11);
  text.insert(0, 'ten stay. '.repeat(100));
  for (let gone = 0; gone < deleted; gone += 10) {
    const at = draw(text.length + 1);
    text.insert(at, `gone ${10_000 + draw(90_000)}`);
    text.delete(at, 10);
  }
  return text.save();
}

/** Loaded and edited, which needs all of its history. */
function opened(bytes: Uint8Array): Text {
  const text = Text.load(bytes, { replica: 2 });
  text.insert(500, 'x');
  return text;
}

function drawFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
