/** Owns a body that arrives on an HTTP/2 stream, ending only when all of it has come. */
import { constants, type Http2Stream } from 'node:http2';
import { Readable } from 'node:stream';

/**
 * Wraps the readable side of `stream`. A stream that is reset with CANCEL, or whose connection is lost,
 * looks to `node:http2` as if it had ended; here it breaks the body instead. `announced` is its
 * Content-Length, when there is one. Destroying the body resets the stream.
 */
export function wholeBody(stream: Http2Stream, announced: string | undefined): Readable {
  let received = 0;
  let over = false;
  const body = new Readable({
    read: () => {
      stream.resume();
    },
    destroy: (error, done) => {
      if (!over) stream.close(constants.NGHTTP2_CANCEL);
      done(error);
    },
  });
  const finish = (problem: Error | undefined) => {
    if (over) return;
    over = true;
    if (problem === undefined) body.push(null);
    else body.destroy(problem);
  };
  stream.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (!body.push(chunk)) stream.pause();
  });
  stream.on('end', () => {
    const whole =
      stream.rstCode === constants.NGHTTP2_NO_ERROR &&
      stream.session?.destroyed !== true &&
      (announced === undefined || Number(announced) === received);
    finish(whole ? undefined : new Error('the stream ended before its body did'));
  });
  stream.on('error', finish);
  stream.on('close', () => finish(new Error('the stream was closed before its body ended')));
  // Whoever pumps the body hears of a break; until somebody does it only marks the body.
  body.on('error', () => undefined);
  return body;
}

/** Settings of both ends of a link: windows that fill a long fat path, and bounds on what a peer may ask of us. */
export const linkSettings = {
  settings: {
    enablePush: false,
    initialWindowSize: 1 << 20,
    maxConcurrentStreams: 4096,
    maxHeaderListSize: 1 << 16,
  },
  maxSessionMemory: 128,
  maxHeaderListPairs: 512,
  // Clients that go away reset streams: a gateway passes that on for all of them.
  streamResetBurst: 4096,
  streamResetRate: 1024,
} as const;

/** Flow-control window of a whole link, in bytes. */
export const linkWindow = 16 << 20;
