/** Owns the services view: every service the federation knows of, with its copies and its traffic. */
import { healthOf, sumHealth } from '../../format/health.ts';
import { ms, percent, rate } from '../../format/number.ts';
import { services, traffic } from '../../live/store.ts';
import { Badge } from '../../ui/badge.tsx';
import { HealthBar } from '../../ui/health-bar.tsx';
import { Page } from '../../ui/page.tsx';
import { Sparkline } from '../../ui/sparkline.tsx';
import { type Column, Table } from '../../ui/table.tsx';
import { type ServiceRow, serviceRow } from './service-row.ts';

const columns: readonly Column<ServiceRow>[] = [
  {
    id: 'service',
    title: 'Service',
    value: (row) => row.service,
    text: (row) => row.host,
    cell: ({ service, host }) => (
      <span class="two-lines">
        <a href={`/services/${service}`}>{service}</a>
        <span class="faint mono">{host}</span>
      </span>
    ),
  },
  {
    id: 'protocol',
    title: 'Protocol',
    value: (row) => row.protocol,
    text: (row) => (row.exported ? 'exported' : 'private'),
    cell: ({ protocol, exported }) => (
      <span class="chips">
        <Badge tone="quiet">{protocol}</Badge>
        <Badge tone={exported ? 'info' : 'quiet'}>{exported ? 'exported' : 'private'}</Badge>
      </span>
    ),
  },
  {
    id: 'here',
    title: 'Healthy here',
    value: ({ endpoints }) => endpoints.healthy,
    cell: ({ endpoints }) => <HealthBar health={healthOf(endpoints)} />,
  },
  {
    id: 'elsewhere',
    title: 'Healthy elsewhere',
    value: ({ remotes }) => sumHealth(remotes.map(healthOf)).healthy,
    text: ({ remotes }) => remotes.map(({ cluster }) => cluster).join(' '),
    cell: ({ remotes }) => (
      <ul class="remotes">
        {remotes.map((remote) => (
          <li key={remote.cluster}>
            <span class="remote-name">{remote.cluster}</span>
            <HealthBar health={healthOf(remote)} />
          </li>
        ))}
      </ul>
    ),
  },
  {
    id: 'requests',
    title: 'Requests /s',
    numeric: true,
    value: (row) => row.requests,
    cell: (row) => rate(row.requests),
  },
  {
    id: 'trend',
    title: 'Ten minutes',
    value: (row) => row.requests,
    cell: ({ service, traffic: series }) =>
      series && (
        <Sparkline
          values={series.requests}
          marks={series.errors}
          label={`Requests to ${service} over the last ten minutes`}
        />
      ),
  },
  {
    id: 'errors',
    title: 'Errors',
    numeric: true,
    value: (row) => row.errorRatio,
    cell: ({ errorRatio }) => (
      <span class={(errorRatio ?? 0) > 0 ? 'text-bad' : undefined}>{percent(errorRatio)}</span>
    ),
  },
  {
    id: 'p99',
    title: 'p99',
    numeric: true,
    value: (row) => row.p99Ms,
    cell: (row) => ms(row.p99Ms),
  },
];

export default function ServicesView() {
  return (
    <Page title="Services" lead="What is served, where its copies are, and how requests fare.">
      <Table
        caption="Services"
        rows={services.list.map((service) => serviceRow(service, traffic.get(service.service)))}
        columns={columns}
        rowKey={({ service }) => service}
        defaultSort="service"
        empty="No service is registered. Add one to the configuration, or register an endpoint by PUT /v1/services/NAMESPACE/SERVICE/endpoints/ID."
      />
    </Page>
  );
}
