/** Owns the live stream's messages: one running number over all topics, and the latest kept for readers that come back. */
import type { Clock } from '../../../../core/clock.ts';
import { IsthmusError } from '../../../../core/errors.ts';
import type { Log } from '../../../../core/log.ts';
import { FollowedTopic } from './followed-topic.ts';
import { Message } from './message.ts';
import type { Topic } from './topic.ts';

interface Delta {
  readonly serial: number;
  readonly topic: string;
  readonly message: Message;
}

interface Reader {
  readonly topics: ReadonlySet<string>;
  send(message: Message): void;
}

/** Deltas kept for readers that come back: at most this many, and this much JSON. */
const maxKept = 2000;
const maxKeptChars = 4 * 1024 * 1024;

export class Hub {
  readonly #followed = new Map<string, FollowedTopic>();
  /** Number after which each topic has been followed without a gap. */
  readonly #followedFrom = new Map<string, number>();
  readonly #readers = new Set<Reader>();
  readonly #kept: Delta[] = [];
  readonly #epoch: string;
  #keptChars = 0;
  #serial = 0;

  /** `epoch` tells this run of the gateway from others, whose numbers mean nothing here. */
  constructor(topics: readonly Topic[], epoch: string, clock: Clock, log: Log) {
    this.#epoch = epoch;
    this.usual = topics.filter(({ isOnRequest }) => !isOnRequest).map(({ name }) => name);
    for (const topic of topics) {
      const followed = new FollowedTopic(topic, clock, {
        began: (name, data) => this.#began(name, data),
        changed: (name, data) => this.#changed(name, data),
        failed: (name, err) => log.warn({ err, topic: name }, 'the live stream could not look'),
      });
      this.#followed.set(topic.name, followed);
    }
  }

  /** The topics of readers that name none. */
  readonly usual: readonly string[];

  get topics(): readonly string[] {
    return [...this.#followed.keys()];
  }

  /** Throws QUERY_INVALID for a topic there is not. */
  assertTopics(topics: ReadonlySet<string>): void {
    for (const name of topics) this.#topic(name);
  }

  /**
   * Sends the topics whole, or the deltas missed since message `last`, and from then on every change. Returns a
   * function that stops that. Throws QUERY_INVALID for a topic there is not.
   */
  read(
    topics: ReadonlySet<string>,
    last: string | undefined,
    send: (message: Message) => void,
  ): () => void {
    const followed = [...topics].map((name) => this.#topic(name));
    const reader: Reader = { topics, send };
    const missed = this.#missed(topics, last);
    for (const topic of followed) topic.join();
    for (const { message } of missed ?? []) send(message);
    if (missed === undefined) {
      for (const { snapshot } of followed)
        if (snapshot !== undefined) send(this.#message('snapshot', snapshot));
    }
    this.#readers.add(reader);
    return () => {
      this.#readers.delete(reader);
      for (const topic of followed) topic.leave();
    };
  }

  close(): void {
    for (const topic of this.#followed.values()) topic.stop();
  }

  #topic(name: string): FollowedTopic {
    const topic = this.#followed.get(name);
    if (topic) return topic;
    throw new IsthmusError('QUERY_INVALID', {
      what: `There is no topic ${JSON.stringify(name.slice(0, 80))}`,
      where: 'topics',
      fix: `Use some of ${this.topics.join(', ')}.`,
    });
  }

  #began(topic: string, data: string): void {
    this.#followedFrom.set(topic, this.#serial);
    const message = this.#message('snapshot', data);
    for (const reader of this.#readers) if (reader.topics.has(topic)) reader.send(message);
  }

  #changed(topic: string, data: string): void {
    this.#serial += 1;
    const message = this.#message('delta', data);
    this.#keep({ serial: this.#serial, topic, message });
    for (const reader of this.#readers) if (reader.topics.has(topic)) reader.send(message);
  }

  #keep(delta: Delta): void {
    this.#kept.push(delta);
    this.#keptChars += delta.message.data.length;
    while (this.#kept.length > maxKept || this.#keptChars > maxKeptChars) {
      this.#keptChars -= this.#kept.shift()?.message.data.length ?? 0;
    }
  }

  /** The deltas of the topics after message `last`; undefined when some are not kept any more. */
  #missed(topics: ReadonlySet<string>, last: string | undefined): Delta[] | undefined {
    const [epoch, number] = last?.split('.') ?? [];
    const after = Number(number);
    if (epoch !== this.#epoch || !Number.isInteger(after) || after > this.#serial) return undefined;
    const oldest = this.#kept[0]?.serial ?? this.#serial + 1;
    if (after + 1 < oldest) return undefined;
    for (const topic of topics) {
      const followed = this.#topic(topic).snapshot !== undefined;
      if (!followed || (this.#followedFrom.get(topic) ?? Infinity) > after) return undefined;
    }
    return this.#kept.filter(({ serial, topic }) => serial > after && topics.has(topic));
  }

  #message(event: 'snapshot' | 'delta', data: string): Message {
    const id = `${this.#epoch}.${this.#serial}`;
    return new Message(event, `{"id":"${id}",${data}}`, id);
  }
}
