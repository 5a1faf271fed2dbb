/** Owns what the map tells of the cluster that was chosen on it, and where to read on. */
import type { ClusterItem } from '../../../../gateway/control/api/answers.ts';
import { ms, rate } from '../../format/number.ts';
import { ExpiryBar } from '../../ui/expiry-bar.tsx';
import { HealthBar } from '../../ui/health-bar.tsx';
import { ClusterState } from '../shared/cluster-state.tsx';
import type { MapCluster } from './map-model.ts';

export function ClusterCard({
  item,
  shown,
}: {
  readonly item: ClusterItem;
  readonly shown: MapCluster;
}) {
  return (
    <>
      <dl class="facts">
        <dt>State</dt>
        <dd>
          <ClusterState state={item.state} />
        </dd>
        <dt>Region</dt>
        <dd>{item.region}</dd>
        <dt>Zones</dt>
        <dd>{item.zones.join(', ') || '–'}</dd>
        <dt>Round trip</dt>
        <dd class="num">{item.state === 'self' ? 'none' : ms(item.rttMs)}</dd>
        <dt>Records</dt>
        <dd>{item.stale ? 'not confirmed lately' : 'current'}</dd>
        <dt>Gateways</dt>
        <dd class="num">{item.gateways}</dd>
        <dt>Endpoints</dt>
        <dd>
          <HealthBar health={shown.health} />
        </dd>
        <dt>Serves</dt>
        <dd class="num">{rate(shown.served)}/s</dd>
        {item.capacity !== undefined && (
          <>
            <dt>Capacity</dt>
            <dd class="num">{rate(item.capacity)}/s</dd>
          </>
        )}
      </dl>
      {item.bundle.notAfter !== undefined && (
        <ExpiryBar what="Root" notBefore={item.joinedAt} notAfter={item.bundle.notAfter} />
      )}
      <div class="card-links">
        <a class="button" href={`/routing?without=${item.cluster}`}>
          What if it is lost?
        </a>
        <a class="button" href={`/drills/new?kind=evacuate&cluster=${item.cluster}`}>
          Drill
        </a>
        <a href={`/trust?q=${item.cluster}`}>Trust</a>
      </div>
    </>
  );
}
