/** A shopping cart on two servers: what was not read is never overwritten. */
import { SiblingSet, VersionVector } from '@ds/clock';

let berlin = SiblingSet.empty<string>();
let paris = SiblingSet.empty<string>();

berlin = berlin.write('berlin', 'milk', new VersionVector());
paris = paris.sync(berlin);

// Two people read the cart and change it at the same time.
const read = berlin.join();
berlin = berlin.write('berlin', 'milk, eggs', read);
paris = paris.write('paris', 'milk, tea', read);

berlin = berlin.sync(paris);
console.log(`siblings: ${berlin.values.join(' | ')}`);

// Who reads both and writes replaces both.
berlin = berlin.write('berlin', 'milk, eggs, tea', berlin.join());
console.log(`merged: ${berlin.sync(paris).values.join(' | ')}`);
