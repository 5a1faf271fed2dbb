/** Owns the topics of the live stream, and how often each is looked at. */
import { graph } from '../graph/graph.ts';
import { traffic } from '../graph/traffic.ts';
import type {
  AuditItem,
  ClusterItem,
  EndpointItem,
  EventItem,
  ExportItem,
  ServiceItem,
  TrustItem,
} from './answers.ts';
import { itemsTopic, type Topic, valueTopic } from './live/topic.ts';
import type { AdminParts } from './parts.ts';

const everySecond = 1_000;
/** Counts move once in five seconds. */
const everyStep = 2_500;
/** For topics whose looks ask other clusters, in milliseconds. */
const seldom = 5_000;
/** The live graph shows traffic move: seconds it looks back. */
const liveWindow = 15;
/** Events and audit entries a reader begins with. */
const recent = 200;

export function topicsOf({ control, traffic: source, journal, auditTrail }: AdminParts): Topic[] {
  const onChange: Topic['watch'] = (changed) => control.onChange(changed);
  return [
    valueTopic('status', everySecond, () => control.status(), onChange),
    itemsTopic<ClusterItem>(
      'clusters',
      everySecond,
      ({ cluster }) => cluster,
      () => control.clusters(),
      onChange,
    ),
    itemsTopic<ServiceItem>(
      'services',
      everySecond,
      ({ service }) => service,
      () => control.services(),
      onChange,
    ),
    onRequest(
      itemsTopic<EndpointItem>(
        'endpoints',
        everySecond,
        ({ service, id }) => `${service}/${id}`,
        () => control.endpoints(undefined),
        onChange,
      ),
    ),
    onRequest(
      itemsTopic<ExportItem>(
        'exports',
        everySecond,
        ({ cluster, service }) => `${cluster}/${service}`,
        () => control.exports(undefined),
        onChange,
      ),
    ),
    itemsTopic<TrustItem>(
      'trust',
      seldom,
      ({ cluster }) => cluster,
      () => control.trust(),
      onChange,
    ),
    valueTopic('graph', everyStep, async () => graph(await source.view(), liveWindow)),
    {
      name: 'traffic',
      everyMs: everyStep,
      key: (item) => (item as { service: string }).service,
      async look() {
        const { items, ...about } = traffic(await source.view());
        return { kind: 'items', items, about };
      },
    },
    itemsTopic<EventItem>(
      'events',
      everySecond,
      ({ id }) => id,
      () => journal.items.slice(-recent),
      (changed) => journal.onAdd(changed),
    ),
    itemsTopic<AuditItem>(
      'audit',
      everySecond,
      ({ id }) => id,
      () => auditTrail.audit.items.slice(-recent),
      (changed) => auditTrail.audit.onRecord(changed),
    ),
  ];
}

/** Long lists: who names no topics is not sent them. */
function onRequest(topic: Topic): Topic {
  return { ...topic, isOnRequest: true };
}
