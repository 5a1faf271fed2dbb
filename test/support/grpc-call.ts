/** Owns what came of a gRPC call in tests, whatever its kind. */
import type { EventEmitter } from 'node:events';
import type { MetadataValue, ServiceError, StatusObject } from '@grpc/grpc-js';
import { Metadata } from '@grpc/grpc-js';
import type { EchoClient, Message, Summary } from './grpc-echo.ts';

interface CallEnd<Answer> {
  /** A gRPC status code; 0 = OK. */
  readonly code: number;
  readonly details: string;
  readonly head: Readonly<Record<string, MetadataValue>>;
  readonly trailers: Readonly<Record<string, MetadataValue>>;
  /** All messages that came, in order. */
  readonly answers: readonly Answer[];
}

export interface Asked {
  readonly metadata?: Readonly<Record<string, string | Buffer>>;
  /** Milliseconds the call may take; default 30 s. */
  readonly deadlineMs?: number;
}

const defaultDeadlineMs = 30_000;

export function metadataOf({ metadata = {} }: Asked): Metadata {
  const all = new Metadata();
  for (const [name, value] of Object.entries(metadata)) all.set(name, value);
  return all;
}

export function optionsOf({ deadlineMs = defaultDeadlineMs }: Asked) {
  return { deadline: Date.now() + deadlineMs };
}

/** Resolves when the call is over, well or not. */
function ended<Answer>(call: EventEmitter, answers: readonly Answer[]): Promise<CallEnd<Answer>> {
  let head: CallEnd<Answer>['head'] = {};
  call.on('metadata', (metadata: Metadata) => {
    head = metadata.getMap();
  });
  // Told by the status as well.
  call.on('error', () => {});
  return new Promise((resolve) => {
    call.on('status', ({ code, details, metadata }: StatusObject) =>
      // The last message may be told in the same turn.
      setImmediate(resolve, { code, details, head, trailers: metadata.getMap(), answers }),
    );
  });
}

/** `ended` of a call whose answers are a stream. */
export function endedStream<Answer>(call: EventEmitter): Promise<CallEnd<Answer>> {
  const answers: Answer[] = [];
  call.on('data', (answer: Answer) => answers.push(answer));
  return ended(call, answers);
}

/** Keeps the one answer of a call. */
function one<Answer>(): [Answer[], (error: ServiceError | null, answer?: Answer) => void] {
  const answers: Answer[] = [];
  return [
    answers,
    (_, answer) => {
      if (answer !== undefined) answers.push(answer);
    },
  ];
}

export function say(
  client: EchoClient,
  message: Partial<Message>,
  asked: Asked = {},
): Promise<CallEnd<Message>> {
  const [answers, answered] = one<Message>();
  return ended(client.Say(message, metadataOf(asked), optionsOf(asked), answered), answers);
}

/** A call that `messages` are sent to. */
export function collect(
  client: EchoClient,
  messages: Iterable<Partial<Message>>,
  asked: Asked = {},
): Promise<CallEnd<Summary>> {
  const [answers, answered] = one<Summary>();
  const call = client.Collect(metadataOf(asked), optionsOf(asked), answered);
  const end = ended(call, answers);
  for (const message of messages) call.write(message);
  call.end();
  return end;
}

export function count(
  client: EchoClient,
  to: number,
  asked: Asked = {},
): Promise<CallEnd<Message>> {
  return endedStream(client.Count({ to }, metadataOf(asked), optionsOf(asked)));
}
