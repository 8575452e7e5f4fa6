/** Two people write at once, apart, and end with the same text. */
import { Text, Undo } from '@ds/crdt';

const alice = new Text({ replica: 1 });
const bob = new Text({ replica: 2 });

bob.apply(alice.insert(0, 'The fox jumps.'));

// Offline, both of them.
const undo = new Undo(alice);
undo.insert(4, 'quick brown ');
bob.insert(13, ' over the lazy dog');

// Each tells what it knows, and gets what it lacks.
alice.apply(bob.updateSince(alice.known()));
bob.apply(alice.updateSince(bob.known()));
console.log(alice.toString(), alice.toString() === bob.toString());

// Alice takes back what she did; what Bob did stays.
for (const update of undo.undo()) bob.apply(update);
console.log(bob.toString());
