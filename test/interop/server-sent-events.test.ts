/** Specifies that server-sent events arrive one by one, each before the next is sent, over either version of HTTP. */
import anyTest, { type TestFn } from 'ava';
import { versions } from '../support/curl.ts';
import { EventStream } from '../support/event-stream.ts';
import { startOrigin } from '../support/origin.ts';
import { startProgram } from '../support/programs.ts';
import { sharedScope } from '../support/shared.ts';
import { hostOf, type TwoClusters, twoClusters, urlOf } from '../support/two-clusters.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
/** Streams by the path they were asked for. */
const streams = new Map<string | undefined, EventStream>();
let clusters: TwoClusters;

test.before('a service in dc2 sends events', async () => {
  const origin = await startOrigin(shared, (request, response) => {
    streams.set(request.url, new EventStream(request, response));
  });
  clusters = await twoClusters(shared, [{ name: 'events', addresses: [origin.address] }]);
});

for (const [version, flag] of Object.entries(versions)) {
  for (const way of ['dc1', 'dc2'] as const) {
    test(`${version}, asked in ${way}: each event arrives before the next is sent`, async (t) => {
      const path = `/${version}/${way}`;
      const reader = startProgram(t, 'curl', [
        ...[flag, '--silent', '--show-error', '--dump-header', '-', '--no-buffer'],
        ...['--header', `Host: ${hostOf('events')}`, urlOf(clusters[way], path)],
      ]);
      await until('the head to arrive', () => reader.said().endsWith('\r\n\r\n'));
      t.regex(reader.said(), /content-type: text\/event-stream/i);
      const stream = streams.get(path);
      if (stream === undefined) throw new Error('nobody asked the service');
      for (let n = 1; n <= 5; n++) {
        stream.send();
        await until(`event ${n} to arrive`, () => reader.said().endsWith(`data: ${n}\n\n`));
      }
      await reader.stop();
      // The end of what a client sends says nothing of what it reads: that it has gone shows by the next event.
      await until('the service to hear that its reader has gone', () => {
        stream.send();
        return stream.isGone;
      });
    });
  }
}
