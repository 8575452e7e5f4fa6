/**
 * The dashboard in a real Chromium over a real cluster: click "Kill leader", see a new leader,
 * without the page ever being loaded again.
 */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltDemo, buildDemo, RunningDemo } from './running-demo.ts';

const CANDIDATES = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser'];
const executablePath = CANDIDATES.find((path) => path !== undefined && existsSync(path));
const WITHIN = { timeout: 30_000, interval: 50 };

if (executablePath === undefined && process.env.CI === 'true') {
  throw new Error('The dashboard is tested in Chromium: install it, or set CHROMIUM_PATH.');
}

describe.skipIf(executablePath === undefined)('the dashboard, in Chromium', () => {
  let built: BuiltDemo;
  let demo: RunningDemo;
  let browser: Browser;
  let page: Page;
  const requested: string[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    built = await buildDemo();
    demo = new RunningDemo(built, ['--records', '2000']);
    browser = await chromium.launch({
      executablePath: executablePath!,
      args: ['--no-sandbox', '--disable-background-networking'],
    });
    page = await browser.newPage();
    page.on('request', (request) => requested.push(request.url()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning')
        complaints.push(message.text());
    });
    await page.goto(await demo.url());
    await page.evaluate(() => Object.assign(globalThis, { loadedOnce: true }));
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    await demo?.close();
    built?.remove();
  });

  const card = (id: string) => page.locator(`[data-node=${id}]`);
  const leader = () => page.locator('[data-node].leader');
  const text = (selector: string) => page.locator(selector).textContent();
  const saysOf = (id: string) => card(id).textContent();

  it('shows the import, the kills and the verdict', async () => {
    await expect
      .poll(() => text('.import'), { ...WITHIN, timeout: 75_000 })
      .toContain('0 lost, 0 wrong');
    expect(await text('.import')).toContain('2,000 records');
    expect(await page.locator('.mark.leader-killed').count()).toBe(2);
    expect(await page.locator('.mark').count()).toBe(5);
    // One node came, another went for good.
    expect(await card('n4').count()).toBe(1);
    expect(await page.locator('[data-node]').count()).toBe(3);
    await expect.poll(() => text('h1'), WITHIN).toBe('All three nodes are well');
  }, 90_000);

  it('shows a new leader in a higher term after "Kill leader"', async () => {
    await expect.poll(() => leader().count(), WITHIN).toBe(1);
    const before = await leader().getAttribute('data-node');
    const term = await termOf(before!);
    await page.getByRole('button', { name: 'Kill leader' }).click();
    await expect.poll(() => saysOf(before!), WITHIN).toContain('killed');
    await expect.poll(() => leader().count(), WITHIN).toBe(1);
    const after = await leader().getAttribute('data-node');
    expect(after).not.toBe(before);
    expect(await termOf(after!)).toBeGreaterThan(term);
    await expect.poll(() => text('h1'), WITHIN).toBe(`${before} is down, and writing goes on`);
    await expect.poll(() => text('.events'), WITHIN).toContain(`${after} leads in term`);

    await page.getByRole('button', { name: `Restart ${before}` }).click();
    await expect.poll(() => text('.events'), WITHIN).toContain(`${before} is back after`);
    await expect.poll(() => text('h1'), WITHIN).toBe('All three nodes are well');
  }, 60_000);

  it('cuts the leader off, shows its successor, and lets it rejoin', async () => {
    const before = (await leader().getAttribute('data-node'))!;
    await page.getByRole('button', { name: `Cut off ${before}` }).click();
    await expect.poll(() => saysOf(before), WITHIN).toContain('cut off');
    await expect
      .poll(
        async () => (await leader().count()) === 1 && leader().getAttribute('data-node'),
        WITHIN,
      )
      .toMatch(new RegExp(`^n[^${before.slice(1)}]$`));
    await page.getByRole('button', { name: `Rejoin ${before}` }).click();
    await expect.poll(() => saysOf(before), WITHIN).toContain('follower');
    await expect.poll(() => text('h1'), WITHIN).toBe('All three nodes are well');
  }, 60_000);

  it('adds a node, which gets the data and a vote, and removes another', async () => {
    await page.getByRole('button', { name: 'Add node' }).click();
    await expect.poll(() => text('.events'), WITHIN).toContain('n5 is a member after');
    await expect.poll(() => text('h1'), WITHIN).toBe('All four nodes are well');
    await page.getByRole('button', { name: 'Remove n4' }).click();
    await expect.poll(() => text('.events'), WITHIN).toContain('n4 was removed');
    await expect.poll(() => card('n4').count(), WITHIN).toBe(0);
    await expect.poll(() => text('h1'), WITHIN).toBe('All three nodes are well');
  }, 60_000);

  it('can be worked by keyboard alone', async () => {
    const before = (await leader().getAttribute('data-node'))!;
    await page.getByRole('radio', { name: 'light' }).focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect.poll(() => saysOf(before), WITHIN).toContain('killed');
    await page.getByRole('button', { name: `Restart ${before}` }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => text('h1'), WITHIN).toBe('All three nodes are well');
  }, 60_000);

  it('was loaded once, asked nobody but its supervisor, and met no error', async () => {
    expect(await page.evaluate(() => 'loadedOnce' in globalThis)).toBe(true);
    const origin = new URL(await demo.url()).origin;
    const outside = requested.filter((url) => new URL(url).origin !== origin);
    expect(outside.filter((url) => !url.startsWith('data:'))).toEqual([]);
    expect(complaints).toEqual([]);
  });

  async function termOf(id: string): Promise<number> {
    return Number((await card(id).locator('.term').textContent())?.replace('term ', ''));
  }
});
