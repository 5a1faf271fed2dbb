/** Specifies that no known way to hide a request inside another one works: each is refused, or is content and nothing else. */
import test from 'ava';
import { RequestParser } from '../../../../../gateway/data/wire/http1/request-parser.ts';
import { octets, readRequests, readWith } from './read.ts';
import { smugglingTo } from './smuggling.ts';

const { attacks, contents, hidden } = smugglingTo('a');

for (const [name, attack] of Object.entries(attacks)) {
  test(`refused: ${name}`, (t) => {
    for (const chunks of [[octets(attack)], Array.from(octets(attack), (o) => Uint8Array.of(o))]) {
      const parser = new RequestParser();
      const { messages, last } = readWith(parser, chunks);
      t.false(
        messages.some((message) => message.start.includes('admin')),
        last,
      );
      t.false(
        messages.some((message) => message.isWhole),
        last,
      );
      const step = parser.step(Buffer.alloc(0), 0, 0);
      t.is(step.kind, 'refused');
    }
  });
}

for (const [name, request] of Object.entries(contents)) {
  test(`content stays content: ${name}`, (t) => {
    const { messages, last } = readRequests(request);
    t.is(messages.length, 1, last);
    t.is(messages[0]?.body, hidden);
    t.true(messages[0]?.isWhole);
    t.is(last, 'more');
  });
}
