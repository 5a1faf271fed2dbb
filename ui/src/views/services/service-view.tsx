/** Owns the view of one service: its traffic, its endpoints by tier, and who exports it. */
import { useRoute } from 'preact-iso';
import type { ExplainAnswer } from '../../../../gateway/control/api/answers.ts';
import { useFetched } from '../../api/use-fetched.ts';
import { healthTone, withUnknown } from '../../format/health.ts';
import { ms, percent, rate } from '../../format/number.ts';
import { services, traffic } from '../../live/store.ts';
import { Figure, Figures } from '../../ui/figure.tsx';
import { Empty, Page, Panel } from '../../ui/page.tsx';
import { ProblemNote } from '../../ui/problem-note.tsx';
import { TierList } from '../shared/tier-list.tsx';
import { EndpointTable } from './endpoint-table.tsx';
import { ExplainRequest } from './explain-request.tsx';
import { ExportTable } from './export-table.tsx';
import { serviceRow } from './service-row.ts';
import { ServiceTraffic } from './service-traffic.tsx';

export default function ServiceView() {
  const { params } = useRoute();
  const name = params['service'] ?? '';
  const item = services.get(name);
  const explained = useFetched<ExplainAnswer>(`/v1/explain/${name}`, 2_000);
  const back = { href: '/services', title: 'Services' };
  if (item === undefined) {
    return (
      <Page title={name} back={back}>
        <Empty>
          {services.known ? `This gateway knows no service ${name}.` : 'Asking the gateway …'}
        </Empty>
      </Page>
    );
  }
  const row = serviceRow(item, traffic.get(name));
  return (
    <Page
      title={name}
      back={back}
      lead={<span class="mono">{item.host}</span>}
      actions={
        <>
          <a class="button" href={`/routing?service=${name}`}>
            Explain its routing
          </a>
          <a class="button" href={`/drills/new?kind=evacuate&service=${name}`}>
            Drill
          </a>
        </>
      }
    >
      <Figures>
        <Figure label="Requests" value={`${rate(row.requests)}/s`} note="from all clusters" />
        <Figure
          label="Errors"
          value={percent(row.errorRatio)}
          tone={(row.errorRatio ?? 0) > 0 ? 'bad' : 'ok'}
          note="of requests"
        />
        <Figure label="p99" value={ms(row.p99Ms)} note="to the response’s head" />
        <Figure
          label="Copies"
          value={`${row.health.healthy} of ${row.health.total}`}
          note={withUnknown('healthy, in all clusters', row.health)}
          tone={healthTone(row.health)}
        />
      </Figures>
      <ServiceTraffic item={row.traffic} />
      <Panel
        id="tiers"
        title="Tiers"
        lead="Where requests from this gateway go, nearest first."
        actions={<a href={`/routing?service=${name}`}>What if?</a>}
      >
        <ProblemNote problem={explained.problem} />
        {explained.value && <TierList explanation={explained.value} />}
      </Panel>
      <ExplainRequest key={name} host={item.host} />
      <EndpointTable service={name} />
      <ExportTable service={name} />
    </Page>
  );
}
