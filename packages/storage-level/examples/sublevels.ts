/**
 * Two sublevels of one database, JSON in one of them, and one batch over both that a power cut
 * cannot tear apart. Here in memory; `openLsmStore` of `@ds/storage-lsm` keeps it on a disk.
 */
import { MemoryStore } from '@ds/storage/memory';
import { StoreLevel } from '@ds/storage-level';

interface Person {
  readonly name: string;
  readonly born: number;
}

const db = new StoreLevel(new MemoryStore());
const people = db.sublevel<string, Person>('people', { valueEncoding: 'json' });
const byYear = db.sublevel('by-year');

const added: readonly Person[] = [
  { name: 'Grace', born: 1906 },
  { name: 'Ada', born: 1815 },
];
for (const person of added) {
  const { name, born } = person;
  await db.batch<string, Person | string>(
    [
      { type: 'put', sublevel: people, key: name, value: person },
      { type: 'put', sublevel: byYear, key: `${born}!${name}`, value: name },
    ],
    { sync: true },
  );
}

for await (const name of byYear.values({ lt: '1900' })) {
  const person = await people.get(name);
  console.log(`${person?.name}, born ${person?.born}`);
}
await db.close();
