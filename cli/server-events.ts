/** Owns reading server-sent events of an admin API, one after the other, until their end. */
import { IsthmusError, messageOf } from '../core/errors.ts';
import type { AdminClient } from './admin-client.ts';

interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** A gateway says something at least every ten seconds. */
const silenceMs = 30_000;

/** Yields each event as it comes. Throws ADMIN_UNREACHABLE when the gateway is gone before the end. */
export async function* serverEvents(
  admin: AdminClient,
  path: string,
): AsyncGenerator<ServerEvent, void, void> {
  const reading = new AbortController();
  const response = await admin.open(path, 'text/event-stream', reading.signal);
  response.setTimeout(silenceMs, () =>
    response.destroy(new Error(`it said nothing for ${silenceMs / 1000} s`)),
  );
  let rest = '';
  try {
    for await (const chunk of response.setEncoding('utf8')) {
      const frames = (rest + chunk).split('\n\n');
      rest = frames.pop() ?? '';
      for (const frame of frames) {
        const event = parse(frame);
        if (event) yield event;
      }
    }
  } catch (cause) {
    throw new IsthmusError('ADMIN_UNREACHABLE', {
      what: `The gateway stopped answering: ${messageOf(cause)}`,
      where: admin.address.text,
      cause,
    });
  } finally {
    reading.abort();
  }
}

/** One frame; undefined for a comment or a setting. */
function parse(frame: string): ServerEvent | undefined {
  let event = '';
  let data = '';
  for (const line of frame.split('\n')) {
    if (line.startsWith('event: ')) event = line.slice('event: '.length);
    if (line.startsWith('data: ')) data = line.slice('data: '.length);
  }
  return event === '' ? undefined : { event, data };
}
