import { describe, expect, it } from 'vitest';
import { type BatchWriter, Importer } from '../../src/demo/importer.ts';
import { Meter } from '../../src/demo/meter.ts';

const records = Array.from({ length: 1_234 }, (_, index) => ({
  key: `k${index}`,
  value: `${index}`,
}));
const never = new AbortController().signal;

function collector(): BatchWriter & { readonly keys: string[] } {
  const keys: string[] = [];
  return {
    keys,
    async batch(batch) {
      keys.push(...batch.map((record) => record.key));
    },
  };
}

function importer(): Importer {
  return new Importer(records, new Meter(() => 0));
}

describe('the import', () => {
  it('writes each record once and counts what was acknowledged', async () => {
    const [one, two] = [collector(), collector()];
    const subject = importer();
    await subject.run([one, two], never);
    const keys = [...one.keys, ...two.keys];
    expect(new Set(keys).size).toBe(records.length);
    expect(keys).toHaveLength(records.length);
    expect(subject.acknowledged).toBe(records.length);
  });

  it('does not pass its limit, so that a kill planned for later still finds it under way', async () => {
    const writer = collector();
    const subject = importer();
    subject.limit(500);
    const run = subject.run([writer], never);
    await subject.waitFor(500);
    expect(subject.acknowledged).toBe(500);
    subject.limit(Number.POSITIVE_INFINITY);
    await run;
    expect(subject.acknowledged).toBe(records.length);
  });

  it('sends a batch again whose outcome is unclear, and does not count it before its answer', async () => {
    const writer = collector();
    let failures = 3;
    const flaky: BatchWriter = {
      async batch(batch, signal) {
        if (failures-- > 0) throw new Error('no answer');
        await writer.batch(batch, signal);
      },
    };
    const subject = importer();
    await subject.run([flaky], never);
    expect(new Set(writer.keys).size).toBe(records.length);
    expect(subject.acknowledged).toBe(records.length);
  });

  it('ends with the reason of its signal, also while it is held at its limit', async () => {
    const stop = new AbortController();
    const subject = importer();
    subject.limit(100);
    const run = subject.run([collector()], stop.signal);
    await subject.waitFor(100);
    stop.abort(new Error('enough'));
    await expect(run).rejects.toThrow('enough');
  });
});
