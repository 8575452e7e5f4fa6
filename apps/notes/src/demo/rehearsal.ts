/**
 * Two people at one note, played in two real pages: they write together, lose the network, go on
 * apart, come back, and find the same text; then the server restarts and still has it.
 *
 * Each page is used as a person would use it: by its keyboard and its buttons.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { Notes } from '../open-notes.ts';
import { DemoError } from './demo-error.ts';

const CANDIDATES = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser'];
const WITHIN_MS = 20_000;
const POLL_EVERY_MS = 50;

export interface RehearsalOptions {
  open(): Promise<Notes>;
  /** Tells what happens, step by step. */
  readonly tell: (step: string) => void;
  /** Where to keep pictures of the pages. */
  readonly pictures: string | undefined;
  readonly signal: AbortSignal;
}

export interface RehearsalResult {
  readonly converged: boolean;
  readonly survivedRestart: boolean;
  readonly characters: number;
  /** What went wrong in the pages, as their console said. */
  readonly complaints: readonly string[];
}

export function findChromium(): string | undefined {
  return CANDIDATES.find((path) => path !== undefined && existsSync(path));
}

/** @throws {DemoError} where there is no Chromium, or a page does not do what it should in time. */
export async function rehearse(options: RehearsalOptions): Promise<RehearsalResult> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    throw new DemoError('--headless needs Chromium: install it, or set CHROMIUM_PATH.');
  }
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-background-networking'],
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  try {
    return await new Rehearsal(browser, options).play();
  } finally {
    await browser.close();
  }
}

class Rehearsal {
  readonly #browser: Browser;
  readonly #options: RehearsalOptions;
  readonly #complaints: string[] = [];

  constructor(browser: Browser, options: RehearsalOptions) {
    this.#browser = browser;
    this.#options = options;
  }

  async play(): Promise<RehearsalResult> {
    const { tell } = this.#options;
    let notes = await this.#options.open();
    try {
      const ada = await this.#visit(notes.url, 'Ada');
      const ben = await this.#visit(notes.url, 'Ben');
      tell('Ada and Ben open the note');
      await this.#writeTogether(ada, ben);
      await this.#writeApart(ada, ben);
      await this.#writeAndReload(ada, ben);
      const text = await this.#agreement(notes, ada, ben);
      tell(`both are back: ${text.length} characters, the same in both pages and on the server`);
      await this.#picture(ada, 'together');
      await Promise.all([ada.context.close(), ben.context.close()]);
      await notes.close();
      notes = await this.#options.open();
      const cleo = await this.#visit(notes.url, 'Cleo');
      await this.#until(async () => (await textOf(cleo.page)) === text, 'Cleo sees the note');
      tell('the server has restarted, and Cleo finds what they wrote');
      await cleo.context.close();
      return {
        converged: true,
        survivedRestart: notes.text === text,
        characters: text.length,
        complaints: this.#complaints,
      };
    } finally {
      await notes.close();
    }
  }

  async #writeTogether(ada: Person, ben: Person): Promise<void> {
    await typeAtEnd(ada.page, 'Shopping for Saturday\n\n- bread\n- tomatoes\n');
    await this.#until(
      async () => (await textOf(ben.page)).includes('tomatoes'),
      'Ben sees what Ada writes',
    );
    await typeAtEnd(ben.page, '- olives\n');
    await this.#until(
      async () => (await ada.page.locator('.cursor-name').allTextContents()).includes('Ben'),
      "Ada sees Ben's cursor",
    );
    this.#options.tell("they write together, and see each other's cursors");
    await this.#picture(ada, 'cursors');
  }

  async #writeApart(ada: Person, ben: Person): Promise<void> {
    const { tell } = this.#options;
    await ada.page.getByRole('button', { name: 'Cut the network' }).click();
    await ben.page.getByRole('button', { name: 'Cut the network' }).click();
    tell('both cut the network and go on writing');
    await ada.page.keyboard.press('Control+Home');
    await ada.page.keyboard.press('End');
    await ada.page.keyboard.type(' (Ada cooks)');
    await typeAtEnd(ada.page, '- basil from the balcony\n');
    await typeAtEnd(ben.page, '- a lemon\n- salt\n');
    const [hers, his] = [await textOf(ada.page), await textOf(ben.page)];
    if (hers.includes('lemon') || his.includes('basil') || hers === his) {
      throw new DemoError('The pages hear each other although the network is cut.');
    }
    await this.#picture(ben, 'cut');
    await ben.page.getByRole('button', { name: 'Connect again' }).click();
    await ada.page.getByRole('button', { name: 'Connect again' }).click();
  }

  /** What was written without the network is not lost with the page. */
  async #writeAndReload(ada: Person, ben: Person): Promise<void> {
    await this.#until(
      async () => (await textOf(ben.page)) === (await textOf(ada.page)),
      'both pages agree',
    );
    await ben.page.getByRole('button', { name: 'Cut the network' }).click();
    await typeAtEnd(ben.page, '- pepper\n');
    await ben.page.reload();
    await this.#until(
      async () => (await textOf(ada.page)).includes('- pepper'),
      'Ada sees what Ben wrote before he loaded his page again',
    );
    this.#options.tell('Ben loads his page again while he is cut off, and nothing is lost');
  }

  /** The text on which both pages and the server agree, with everything that was written. */
  async #agreement(notes: Notes, ada: Person, ben: Person): Promise<string> {
    const parts = [
      '(Ada cooks)',
      'tomatoes',
      'olives',
      'basil from the balcony',
      'a lemon\n- salt',
      'pepper',
    ];
    let text = '';
    await this.#until(async () => {
      text = await textOf(ada.page);
      const same = text === (await textOf(ben.page)) && text === notes.text;
      return same && parts.every((part) => text.includes(part));
    }, 'the pages and the server agree');
    for (const { page } of [ada, ben]) {
      await this.#until(
        async () => ((await page.locator('.saving').textContent()) ?? '').includes('saved'),
        'everything is saved',
      );
    }
    return text;
  }

  async #visit(url: string, name: string): Promise<Person> {
    const viewport = { width: 1_100, height: 720 };
    const context = await this.#browser.newContext({ viewport, colorScheme: 'light' });
    const page = await context.newPage();
    page.on('pageerror', (error) => this.#complaints.push(`${name}: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.#complaints.push(`${name}: ${message.text()}`);
    });
    await page.goto(url);
    await page.getByLabel('Your name').fill(name);
    await this.#until(
      async () => (await page.locator('body').getAttribute('data-link')) === 'up',
      `${name} is connected`,
    );
    return { name, page, context };
  }

  async #picture({ page }: Person, title: string): Promise<void> {
    const { pictures } = this.#options;
    if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${title}.png`) });
  }

  async #until(holds: () => Promise<boolean>, what: string): Promise<void> {
    for (let waitedMs = 0; !(await holds()); waitedMs += POLL_EVERY_MS) {
      this.#options.signal.throwIfAborted();
      if (waitedMs > WITHIN_MS) {
        throw new DemoError(`Within ${WITHIN_MS / 1_000} s it did not come about that ${what}.`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS));
    }
  }
}

interface Person {
  readonly name: string;
  readonly page: Page;
  readonly context: BrowserContext;
}

/** What the page's copy of the note holds, and not only the part that is drawn. */
function textOf(page: Page): Promise<string> {
  return page.evaluate(() => (globalThis as unknown as { noteText(): string }).noteText());
}

async function typeAtEnd(page: Page, text: string): Promise<void> {
  await page.locator('.cm-content').click();
  await page.keyboard.press('Control+End');
  await page.keyboard.type(text);
}
