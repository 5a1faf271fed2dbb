/** Owns the map view: the federation at a glance, and what needs attention. */
import type { Status } from '../../../../gateway/control/api/answers.ts';
import type { Orders } from '../../api/standing.ts';
import { useFetched } from '../../api/use-fetched.ts';
import { healthTone, sumHealth, withUnknown } from '../../format/health.ts';
import { count, percent, rate } from '../../format/number.ts';
import { now } from '../../live/clock.ts';
import { clusters, drills, events, graph, services, status, trust } from '../../live/store.ts';
import { Figure, Figures } from '../../ui/figure.tsx';
import { Empty, Page, Panel } from '../../ui/page.tsx';
import { Twin, TwinSwitch } from '../../ui/twin.tsx';
import { useQuery } from '../../url/use-query.ts';
import { EventList } from '../shared/event-list.tsx';
import { Attention } from './attention.tsx';
import { ClusterCard } from './cluster-card.tsx';
import { MapGraph } from './map-graph.tsx';
import { type MapModel, mapModel } from './map-model.ts';
import { MapTable } from './map-table.tsx';
import { worriesOf } from './worries.ts';

export default function MapView() {
  const { values, href } = useQuery();
  const model = mapModel(clusters.list, services.list, graph.value);
  const chosen = clusters.get(values['cluster'] ?? '');
  const shown = model.clusters.find(({ cluster }) => cluster === chosen?.cluster);
  const known = status.value;
  const orders = useFetched<Orders>('/v1/orders', 5_000);
  return (
    <Page
      title={known ? `Federation ${known.federation}` : 'Federation'}
      lead={known && `Seen from ${known.gateway} of ${known.cluster}, ${known.region}`}
    >
      <MapFigures model={model} />
      <div class="map-layout">
        <Panel id="map" title="Map" flush actions={<TwinSwitch id="as" label="Map as" />}>
          {clusters.known ? (
            <Twin
              id="as"
              graph={() => <MapGraph model={model} />}
              table={() => <MapTable model={model} />}
            />
          ) : (
            <Empty>Asking the gateway …</Empty>
          )}
        </Panel>
        <div class="stack">
          {chosen && shown && (
            <Panel
              id="chosen"
              title={chosen.cluster}
              lead={chosen.trustDomain}
              actions={<a href={href({ cluster: undefined })}>Close</a>}
            >
              <ClusterCard item={chosen} shown={shown} />
            </Panel>
          )}
          <Panel id="attention" title="Needs attention">
            {known === undefined ? (
              <Empty>Asking the gateway …</Empty>
            ) : (
              <Attention
                worries={worriesOf({
                  problems: known.problems,
                  missing: known.missing,
                  registry: known.registry,
                  model,
                  services: services.list,
                  trust: trust.list,
                  drills: drills.list,
                  orders: orders.value,
                  now: now.value,
                })}
              />
            )}
          </Panel>
          <Panel id="latest" title="Latest" actions={<a href="/events">All events</a>}>
            <EventList events={events.list} most={chosen ? 3 : 7} />
          </Panel>
        </div>
      </div>
    </Page>
  );
}

function MapFigures({ model }: { readonly model: MapModel }) {
  const registry = status.value?.registry;
  const health = sumHealth(model.clusters.map((cluster) => cluster.health));
  const errorRatio = model.requests > 0 ? model.errors / model.requests : 0;
  const crossing = model.requests > 0 ? model.crossing / model.requests : 0;
  const { length: links } = model.links;
  const up = model.links.filter(({ state }) => state === 'up').length;
  const unknown = model.links.filter(({ state }) => state === 'unknown').length;
  return (
    <Figures>
      <Figure label="Requests" value={`${rate(model.requests)}/s`} note={requestsNote(model)} />
      <Figure
        label="Errors"
        value={percent(errorRatio)}
        note={`${rate(model.errors)}/s`}
        tone={errorRatio > 0.01 ? 'bad' : errorRatio > 0 ? 'warn' : 'ok'}
      />
      <Figure
        label="Spill-over"
        value={percent(crossing)}
        note={crossing > 0 ? `${rate(model.crossing)}/s cross clusters` : 'all served at home'}
        tone={crossing > 0 ? 'spill' : 'ok'}
      />
      <Figure
        label="Endpoints"
        value={`${count(health.healthy)} of ${count(health.total)}`}
        note={withUnknown('healthy', health)}
        tone={healthTone(health)}
      />
      <Figure
        label="Links"
        value={`${up} of ${links}`}
        note={unknown === 0 ? 'up, mutual TLS' : `up, mutual TLS; ${unknown} unknown`}
        tone={up === links ? 'ok' : up + unknown === links ? 'warn' : 'bad'}
      />
      <Figure
        label="Registry"
        value={registry ? `r${registry.revision}` : '–'}
        note={registry && registryNote(registry)}
        tone={registry?.kind === 'connected' || registry?.kind === 'standalone' ? 'ok' : 'warn'}
      />
    </Figures>
  );
}

/** Clusters whose clients' requests are not known: the figure lacks them. */
function requestsNote({ missing }: MapModel): string {
  return missing.length === 0 ? 'over all clusters' : `without ${missing.join(', ')}: no answer`;
}

function registryNote({ kind, stale, pendingWrites }: Status['registry']): string {
  const waiting = pendingWrites === 1 ? '1 write waits' : `${pendingWrites} writes wait`;
  const lag = pendingWrites > 0 ? `, ${waiting}` : '';
  return `${kind}${stale ? ', stale' : ''}${lag}`;
}
