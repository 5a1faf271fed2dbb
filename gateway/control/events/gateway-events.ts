/** Owns noticing what happens to a gateway: its links, its registry, its members, its certificate, whom it believes. */
import type { Clock } from '../../../core/clock.ts';
import type { IsthmusError } from '../../../core/errors.ts';
import type { ClusterName } from '../../../core/names.ts';
import type { Snapshot } from '../../../registry/snapshot.ts';
import type { LinkState } from '../../data/balance/types.ts';
import type { GatewayConfig } from '../config/config.ts';
import type { Identity } from '../membership/identity.ts';
import type { Membership } from '../membership/membership.ts';
import type { LinkBoard } from '../workers/link-board.ts';
import type { EventDraft } from './event.ts';
import type { Journal } from './journal.ts';

const everyMs = 500;

/** The parts of a gateway that are watched, and the journal for the events. */
export interface WatchedGateway {
  readonly clock: Pick<Clock, 'after'>;
  readonly config: Pick<GatewayConfig, 'cluster' | 'gateway'>;
  readonly identity: Pick<Identity, 'leaf'>;
  readonly journal: Pick<Journal, 'add'>;
  readonly membership: Pick<Membership, 'believed' | 'bundleOf' | 'session'>;
  readonly problems: readonly IsthmusError[];
  readonly snapshot: Snapshot;
  readonly workers: { readonly links: Pick<LinkBoard, 'onChange' | 'state'> };
}

/** A look at a gateway, to be compared with the next. */
export interface Seen {
  readonly registry: string;
  readonly members: ReadonlySet<ClusterName>;
  readonly believed: ReadonlyMap<ClusterName, number>;
  readonly problems: ReadonlySet<string>;
}

/** Writes events to the gateway's journal from now on; returns a function that stops that. */
export function noteGatewayEvents(gateway: WatchedGateway): () => void {
  const { cluster, gateway: id } = gateway.config;
  const { journal } = gateway;
  const links = new Map<ClusterName, LinkState>();
  let before = look(gateway);
  journal.add({ kind: 'gateway', severity: 'info', cluster, what: `The gateway ${id} started` });

  let cancel = (): void => {};
  const compareLater = (): void => {
    cancel = gateway.clock.after(everyMs, () => {
      const now = look(gateway);
      for (const event of changes(cluster, before, now)) journal.add(event);
      before = now;
      compareLater();
    });
  };
  compareLater();
  const stops = [
    () => cancel(),
    gateway.workers.links.onChange((other) => {
      const { state } = gateway.workers.links.state(other);
      const was = links.get(other);
      links.set(other, state);
      const event = was === state ? undefined : linkEvent(other, was, state);
      if (event) journal.add(event);
    }),
    gateway.identity.leaf.onRenew(({ notAfter }) => {
      const what = 'The certificate was renewed';
      journal.add({ kind: 'certificate', severity: 'info', cluster, what, details: { notAfter } });
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function look({ membership, problems, snapshot }: WatchedGateway): Seen {
  const store = membership.session?.client.status.store;
  const believed = [...membership.believed].map(
    (cluster) => [cluster, membership.bundleOf(cluster)?.sequence ?? 0] as const,
  );
  return {
    registry: store?.kind ?? 'standalone',
    members: new Set(snapshot.clusters.keys()),
    believed: new Map(believed),
    problems: new Set(problems.map(({ code, message }) => `${code}: ${message}`)),
  };
}

/** Pure: the events between two looks of the gateway of `self`. */
export function changes(self: string, before: Seen, now: Seen): EventDraft[] {
  const events: EventDraft[] = [];
  if (now.registry !== before.registry) events.push(registryEvent(self, now.registry));
  for (const cluster of added(before.members, now.members)) {
    if (cluster !== self)
      events.push({ kind: 'member', severity: 'info', cluster, what: `${cluster} is a member` });
  }
  for (const cluster of added(now.members, before.members)) {
    const what = `${cluster} is a member no more`;
    if (cluster !== self) events.push({ kind: 'member', severity: 'warning', cluster, what });
  }
  for (const [cluster, sequence] of now.believed) {
    const was = before.believed.get(cluster);
    if (was === sequence) continue;
    const what =
      was === undefined
        ? `The bundle of ${cluster} is believed`
        : `The bundle of ${cluster} was replaced`;
    events.push({ kind: 'trust', severity: 'info', cluster, what, details: { sequence } });
  }
  for (const cluster of before.believed.keys()) {
    const what = `${cluster} is trusted no more`;
    if (!now.believed.has(cluster))
      events.push({ kind: 'trust', severity: 'warning', cluster, what });
  }
  for (const problem of added(before.problems, now.problems)) {
    events.push({ kind: 'gateway', severity: 'error', cluster: self, what: problem });
  }
  for (const problem of added(now.problems, before.problems)) {
    events.push({ kind: 'gateway', severity: 'info', cluster: self, what: `Over: ${problem}` });
  }
  return events;
}

function registryEvent(cluster: string, kind: string): EventDraft {
  const words: Readonly<Record<string, Pick<EventDraft, 'severity' | 'what'>>> = {
    connected: { severity: 'info', what: 'The registry answers' },
    unavailable: {
      severity: 'error',
      what: 'The registry does not answer; traffic goes by the last good snapshot',
    },
    standalone: { severity: 'info', what: 'This cluster is in no federation' },
  };
  const { severity, what } = words[kind] ?? { severity: 'info', what: `The registry: ${kind}` };
  return { kind: 'registry', severity, cluster, what };
}

function linkEvent(
  cluster: ClusterName,
  was: LinkState | undefined,
  state: LinkState,
): EventDraft | undefined {
  if (state === 'up') {
    const what = was === 'suspect' ? `${cluster} answers again` : `${cluster} can be reached`;
    return { kind: 'cluster-up', severity: 'info', cluster, what };
  }
  if (state === 'suspect') {
    const what = `Nothing is heard from ${cluster}: requests go elsewhere where they can`;
    return { kind: 'cluster-suspect', severity: 'warning', cluster, what };
  }
  if (was === 'up' || was === 'suspect')
    return {
      kind: 'cluster-down',
      severity: 'error',
      cluster,
      what: `No link to ${cluster} is up`,
    };
  return undefined;
}

function added<T>(before: ReadonlySet<T>, now: ReadonlySet<T>): T[] {
  return [...now].filter((one) => !before.has(one));
}
