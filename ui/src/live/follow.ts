/** Owns following one server-sent stream for as long as wanted: it says when it lives, when it broke, and tries again. */
import { refusal } from '../api/client.ts';
import { type Problem, ProblemError, problemOf, unreachable } from '../api/problem.ts';
import { authorization } from '../api/token.ts';
import { type ServerSentEvent, SseParser } from './sse-parser.ts';
import { pathAt, vantage } from './vantage.ts';

interface FollowOptions {
  readonly path: string;
  readonly onEvent: (event: ServerSentEvent) => void;
  /** Bytes came, a heartbeat perhaps. */
  readonly onSign: () => void;
  /** It broke, or could not begin; tried again at `retryAt` (milliseconds since 1970). */
  readonly onBroken: (problem: Problem, retryAt: number) => void;
}

export interface Following {
  /** Tries now instead of waiting. */
  retry(): void;
  stop(): void;
}

/** The gateway sends a heartbeat every 10 s: without two in a row and some, the connection is dead. */
const silenceMs = 25_000;
const backoffMs = [500, 1_000, 2_000, 4_000, 8_000] as const;

export function follow(options: FollowOptions): Following {
  let stopped = false;
  let failures = 0;
  let lastId: string | undefined;
  let current: AbortController | undefined;
  let wake: (() => void) | undefined;

  const once = async (): Promise<never> => {
    const aborter = new AbortController();
    current = aborter;
    let silence = setTimeout(() => aborter.abort(tooQuiet), silenceMs);
    try {
      const response = await fetch(pathAt(vantage.peek(), options.path), {
        headers: {
          accept: 'text/event-stream',
          ...(lastId !== undefined && { 'last-event-id': lastId }),
          ...authorization(),
        },
        cache: 'no-store',
        signal: aborter.signal,
      });
      if (!response.ok || response.body === null) throw await refusal(response);
      options.onSign();
      failures = 0;
      const parser = new SseParser();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) throw ended;
        clearTimeout(silence);
        silence = setTimeout(() => aborter.abort(tooQuiet), silenceMs);
        options.onSign();
        for (const event of parser.push(value)) {
          lastId = event.id ?? lastId;
          options.onEvent(event);
        }
      }
    } finally {
      clearTimeout(silence);
      aborter.abort();
    }
  };

  const run = async (): Promise<void> => {
    while (!stopped) {
      try {
        await once();
      } catch (thrown) {
        if (stopped) return;
        const waitMs = (backoffMs[failures] ?? 8_000) * (0.75 + Math.random() / 2);
        failures = Math.min(failures + 1, backoffMs.length - 1);
        options.onBroken(problemFor(thrown), Date.now() + waitMs);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, waitMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    }
  };
  void run();

  return {
    retry: () => wake?.(),
    stop: () => {
      stopped = true;
      current?.abort();
      wake?.();
    },
  };
}

const tooQuiet = new ProblemError({
  code: 'STREAM_SILENT',
  what: 'The gateway has gone silent',
  fix: 'It may be overloaded or hang, or the network to it is cut.',
});
const ended = new ProblemError({
  code: 'STREAM_ENDED',
  what: 'The gateway ended the live stream',
  fix: 'It may be restarting.',
});

function problemFor(thrown: unknown): Problem {
  return problemOf(thrown instanceof ProblemError ? thrown : unreachable(thrown));
}
