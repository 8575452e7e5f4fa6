/**
 * Three people chat over a network that keeps no order. Nobody sees an answer before its question,
 * and everybody knows when a message has reached all.
 */
import { CausalDelivery, CausalStability, type VersionVector } from '@ds/clock';

interface Message {
  readonly sender: string;
  readonly vector: VersionVector;
  readonly text: string;
}

const PEOPLE = ['ada', 'bob', 'eve'];

class Chat {
  readonly #name: string;
  readonly #stability = new CausalStability(PEOPLE);
  readonly #delivery = new CausalDelivery<Message>({
    deliver: ({ sender, vector, text }) => {
      console.log(`${this.#name} reads "${text}" from ${sender}`);
      this.#stability.observe(sender, vector);
      this.#stability.observe(this.#name, this.#delivery.delivered);
    },
  });

  constructor(name: string) {
    this.#name = name;
  }

  say(text: string): Message {
    const vector = this.#delivery.delivered;
    vector.increment(this.#name);
    const message = { sender: this.#name, vector, text };
    this.hear(message);
    return message;
  }

  hear(message: Message): void {
    this.#delivery.receive(message.sender, message.vector, message);
  }

  get readByAll(): string {
    return JSON.stringify(this.#stability.stable);
  }
}

const [ada, bob, eve] = PEOPLE.map((name) => new Chat(name)) as [Chat, Chat, Chat];
const question = ada.say('tea?');
bob.hear(question);
const answer = bob.say('yes!');
eve.hear(answer); // too early: it waits for the question
eve.hear(question);
const thanks = eve.say('me too');
for (const message of [thanks, answer]) ada.hear(message);
console.log(`ada knows that all have read ${ada.readByAll}`);
