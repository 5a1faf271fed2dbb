/** Owns what the page knows of the federation: one live stream that feeds every topic. */
import { effect } from '@preact/signals';
import type {
  AuditItem,
  ClusterItem,
  EventItem,
  GraphAnswer,
  ServiceItem,
  Status,
  TrafficItem,
  TrustItem,
} from '../../../gateway/control/api/answers.ts';
import type { DrillSummary } from '../api/drills.ts';
import { begins, broke, signOfLife } from './connection.ts';
import { type Following, follow } from './follow.ts';
import type { ServerSentEvent } from './sse-parser.ts';
import { ListTopic, type Topic, type TopicMessage, ValueTopic } from './topic.ts';
import { vantage } from './vantage.ts';

export const status = new ValueTopic<Status>('status');
export const clusters = new ListTopic<ClusterItem>('clusters', ({ cluster }) => cluster);
export const services = new ListTopic<ServiceItem>('services', ({ service }) => service);
export const trust = new ListTopic<TrustItem>('trust', ({ cluster }) => cluster);
export const graph = new ValueTopic<GraphAnswer>('graph');
export const traffic = new ListTopic<TrafficItem>('traffic', ({ service }) => service);
export const drills = new ListTopic<DrillSummary>('drills', ({ id }) => id);
/** More than a person scrolls through; older ones are asked for. */
export const events = new ListTopic<EventItem>('events', ({ id }) => id, 1_000);
export const audit = new ListTopic<AuditItem>('audit', ({ id }) => id, 1_000);

const topics: readonly Topic[] = [
  status,
  clusters,
  services,
  trust,
  graph,
  traffic,
  drills,
  events,
  audit,
];
const byName = new Map(topics.map((topic) => [topic.name, topic]));
/** A browser opens six connections to an origin: a tab nobody sees gives its own back after this long. */
const hiddenMs = 60_000;

let following: Following | undefined;
let letGo: ReturnType<typeof setTimeout> | undefined;

export function startStore(): void {
  // Runs now, and whenever another gateway is looked at.
  effect(() => {
    void vantage.value;
    lookAnew();
  });
  addEventListener('online', retryNow);
  document.addEventListener('visibilitychange', () => {
    clearTimeout(letGo);
    if (document.hidden) {
      letGo = setTimeout(() => {
        following?.stop();
        following = undefined;
      }, hiddenMs);
    } else if (following === undefined) begin();
    else retryNow();
  });
}

export function retryNow(): void {
  following?.retry();
}

function lookAnew(): void {
  following?.stop();
  begins();
  for (const topic of topics) topic.forget();
  begin();
}

function begin(): void {
  following = follow({
    path: '/v1/stream',
    onEvent: apply,
    onSign: () => signOfLife(Date.now()),
    onBroken: broke,
  });
}

function apply({ event, data }: ServerSentEvent): void {
  if (event !== 'snapshot' && event !== 'delta') return;
  const message = JSON.parse(data) as TopicMessage;
  byName.get(message.topic)?.apply(event, message);
}
