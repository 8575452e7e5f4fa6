import { checkLinearizability, keyValueModel, registerModel } from '@ds/sim';
import { describe, expect, it } from 'vitest';
import {
  filesIn,
  present,
  readKeyValueHistory,
  readRegisterHistory,
  verdicts,
} from './known-histories.ts';

const required = process.env.CI === 'true';
const model = keyValueModel({ absent: '' });
const word = (linearizable: boolean | undefined) => (linearizable ? 'linearizable' : 'violated');

describe.skipIf(!present && !required)('on histories with known verdicts the checker', () => {
  it('finds all of them', () => {
    expect(Object.keys(verdicts).sort()).toEqual([...filesIn('jepsen'), ...filesIn('kv')].sort());
    expect(Object.keys(verdicts)).toHaveLength(54);
  });

  for (const file of filesIn('jepsen')) {
    it(`judges ${file}`, () => {
      const { verdict } = checkLinearizability(registerModel(), readRegisterHistory(file));
      expect(verdict).toBe(word(verdicts[file]));
    });
  }

  for (const file of filesIn('kv')) {
    for (const partition of [true, false]) {
      it(`judges ${file}${partition ? '' : ' without looking at each key alone'}`, {
        timeout: 120_000,
      }, () => {
        const { verdict } = checkLinearizability(model, readKeyValueHistory(file), { partition });
        expect(verdict).toBe(word(verdicts[file]));
      });
    }
  }
});
