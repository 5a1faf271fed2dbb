/** Owns what conformance checks are made of: a registry with nothing in it, and a few words to speak to it. */
import type { ExecutionContext } from 'ava';
import type { EtcdStore } from '../../../registry/etcd-store.ts';
import type { StoredValue, WatchEvent } from '../../../registry/store.ts';
import type { RawClient } from '../raw-client.ts';

/** A running registry with nothing in it. */
interface Subject {
  readonly store: EtcdStore;
  /** The same registry, spoken to message by message. */
  readonly raw: RawClient;
  /** Kills it without warning and starts it on the same data. */
  restart(): Promise<void>;
}

type Check = (t: ExecutionContext, subject: Subject) => Promise<void>;

/** By name, what a registry must do. */
export type Checks = Readonly<Record<string, Check>>;

export function put(store: EtcdStore, key: string, value: string) {
  return store.txn([], [{ op: 'put', key, value }]);
}

export function text(stored: StoredValue | undefined) {
  return { ...stored, value: stored?.value.toString() };
}

export async function fill(store: EtcdStore, prefix: string, count: number): Promise<void> {
  for (let i = 0; i < count; i += 100) {
    const keys = Array.from(
      { length: 100 },
      (_, j) => `${prefix}${String(i + j).padStart(6, '0')}`,
    );
    await store.txn(
      [],
      keys.map((key) => ({ op: 'put', key, value: `value of ${key}` })),
    );
  }
}

/** Collects events as `+key=value` and `-key`, an array per revision. */
export function watch(
  t: ExecutionContext,
  store: EtcdStore,
  prefix: string,
  from: number,
): string[][] {
  const seen: string[][] = [];
  const started = store.watch(prefix, from, {
    events: (events) => seen.push(events.map(describe)),
    progress: () => {},
    ended: (error) => t.fail(error.message),
  });
  t.teardown(() => started.close());
  return seen;
}

function describe(event: WatchEvent): string {
  return event.type === 'delete'
    ? `-${event.key}`
    : `+${event.value.key}=${event.value.value.toString()}`;
}
