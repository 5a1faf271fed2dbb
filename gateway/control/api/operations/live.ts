/** Owns the live stream's operation: server-sent events of the topics a reader asks for. */
import { z } from 'zod';
import type { Clock } from '../../../../core/clock.ts';
import { EventStream } from '../live/event-stream.ts';
import type { Hub } from '../live/hub.ts';
import { type Operation, operation } from '../operation.ts';

export function liveOperation(hub: Hub, streams: Set<EventStream>, clock: Clock): Operation {
  return operation({
    method: 'GET',
    path: '/v1/stream',
    id: 'stream',
    tag: 'Live',
    summary:
      'Server-sent events: `snapshot` of each topic, then a `delta` with each change. `Last-Event-ID` takes up where a reader left',
    role: 'viewer',
    query: z.strictObject({
      topics: z
        .string()
        .max(256)
        .optional()
        .describe('Comma-separated; default all but `endpoints` and `exports`'),
      lastEventId: z
        .string()
        .max(64)
        .optional()
        .describe("For readers that can't send a `Last-Event-ID` header"),
    }),
    media: 'text/event-stream',
    handle({ query, request, reply }) {
      const topics = new Set(query.topics?.split(',').map((name) => name.trim()) ?? hub.usual);
      const header = request.headers['last-event-id'];
      const last = typeof header === 'string' ? header : query.lastEventId;
      hub.assertTopics(topics);
      let leave = (): void => {};
      const stream = new EventStream({
        response: reply.hijack().raw,
        clock,
        onEnd() {
          streams.delete(stream);
          leave();
        },
      });
      streams.add(stream);
      leave = hub.read(topics, last, (message) =>
        message.event === 'snapshot' ? stream.sendFirst(message) : stream.send(message),
      );
      return reply;
    },
  });
}
