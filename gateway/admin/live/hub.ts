/** Owns the live stream's messages: one running number over all topics, and those of late, for readers that come back. */
import type { Clock } from '../../../core/clock.ts';
import { IsthmusError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import { Feed } from './feed.ts';
import type { Topic } from './topic.ts';

export interface Message {
  readonly id: string;
  readonly event: 'snapshot' | 'delta';
  /** JSON. */
  readonly data: string;
}

interface Delta extends Message {
  readonly serial: number;
  readonly topic: string;
}

interface Reader {
  readonly topics: ReadonlySet<string>;
  send(message: Message): void;
}

/** Deltas kept for readers that come back: at most this many, and this much JSON. */
const maxKept = 2000;
const maxKeptChars = 4 * 1024 * 1024;

export class Hub {
  readonly #feeds = new Map<string, Feed>();
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
    for (const topic of topics) {
      const feed = new Feed(topic, clock, {
        began: (name, data) => this.#began(name, data),
        changed: (name, data) => this.#changed(name, data),
        failed: (name, err) => log.warn({ err, topic: name }, 'the live stream could not look'),
      });
      this.#feeds.set(topic.name, feed);
    }
  }

  get topics(): readonly string[] {
    return [...this.#feeds.keys()];
  }

  /** Throws BODY_INVALID for a topic there is not. */
  assertTopics(topics: ReadonlySet<string>): void {
    for (const name of topics) this.#feed(name);
  }

  /**
   * Sends what is there, or what was missed since message `last`, and from then on every change. Returns a
   * function that stops that. Throws BODY_INVALID for a topic there is not.
   */
  read(
    topics: ReadonlySet<string>,
    last: string | undefined,
    send: (message: Message) => void,
  ): () => void {
    const feeds = [...topics].map((name) => this.#feed(name));
    const reader: Reader = { topics, send };
    const missed = this.#missed(topics, last);
    for (const feed of feeds) feed.join();
    for (const delta of missed ?? []) send(delta);
    if (missed === undefined) {
      for (const { snapshot } of feeds) if (snapshot !== undefined) send(this.#snapshot(snapshot));
    }
    this.#readers.add(reader);
    return () => {
      this.#readers.delete(reader);
      for (const feed of feeds) feed.leave();
    };
  }

  close(): void {
    for (const feed of this.#feeds.values()) feed.stop();
  }

  #feed(name: string): Feed {
    const feed = this.#feeds.get(name);
    if (feed) return feed;
    throw new IsthmusError('BODY_INVALID', {
      what: `There is no topic ${JSON.stringify(name.slice(0, 80))}`,
      where: 'topics',
      fix: `Use some of ${this.topics.join(', ')}.`,
    });
  }

  #began(topic: string, data: string): void {
    this.#followedFrom.set(topic, this.#serial);
    const message = this.#snapshot(data);
    for (const reader of this.#readers) if (reader.topics.has(topic)) reader.send(message);
  }

  #changed(topic: string, data: string): void {
    this.#serial += 1;
    const delta: Delta = {
      serial: this.#serial,
      topic,
      id: this.#id(),
      event: 'delta',
      data: `{"id":"${this.#id()}",${data}}`,
    };
    this.#keep(delta);
    for (const reader of this.#readers) if (reader.topics.has(topic)) reader.send(delta);
  }

  #keep(delta: Delta): void {
    this.#kept.push(delta);
    this.#keptChars += delta.data.length;
    while (this.#kept.length > maxKept || this.#keptChars > maxKeptChars) {
      this.#keptChars -= this.#kept.shift()?.data.length ?? 0;
    }
  }

  /** What was told of the topics after message `last`; undefined when it is not all known any more. */
  #missed(topics: ReadonlySet<string>, last: string | undefined): Delta[] | undefined {
    const [epoch, number] = last?.split('.') ?? [];
    const after = Number(number);
    if (epoch !== this.#epoch || !Number.isInteger(after) || after > this.#serial) return undefined;
    const oldest = this.#kept[0]?.serial ?? this.#serial + 1;
    if (after + 1 < oldest) return undefined;
    for (const topic of topics) {
      const followed = this.#feed(topic).snapshot !== undefined;
      if (!followed || (this.#followedFrom.get(topic) ?? Infinity) > after) return undefined;
    }
    return this.#kept.filter(({ serial, topic }) => serial > after && topics.has(topic));
  }

  #snapshot(data: string): Message {
    const id = this.#id();
    return { id, event: 'snapshot', data: `{"id":"${id}",${data}}` };
  }

  #id(): string {
    return `${this.#epoch}.${this.#serial}`;
  }
}
