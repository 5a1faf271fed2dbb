/** Owns registry clients of tests: opened over a real connection and closed when the test ends. */
import type { ExecutionContext } from 'ava';
import { systemClock } from '../../core/clock.ts';
import { silentLog } from '../../core/log.ts';
import { type EtcdStore, type EtcdStoreOptions, openEtcdStore } from '../../registry/etcd-store.ts';

export function openStore(
  t: Pick<ExecutionContext, 'teardown'>,
  options: Pick<EtcdStoreOptions, 'endpoints'> & Partial<EtcdStoreOptions>,
): EtcdStore {
  const store = openEtcdStore({ clock: systemClock, log: silentLog, ...options });
  t.teardown(() => store.close());
  return store;
}
