/** Owns a service's last ten minutes as charts. */
import type { TrafficItem } from '../../../../gateway/control/api/answers.ts';
import { ms, rate } from '../../format/number.ts';
import { now } from '../../live/clock.ts';
import { traffic } from '../../live/store.ts';
import { TimeSeries } from '../../ui/time-series.tsx';

export function ServiceTraffic({ item }: { readonly item: TrafficItem | undefined }) {
  if (item === undefined) return null;
  const { stepSeconds: step = 5, at } = traffic.extra.value as {
    stepSeconds?: number;
    at?: number;
  };
  const end = Math.floor((at ?? now.peek()) / 1_000 / step) * step;
  const times = item.requests.map((_, i) => end - (item.requests.length - 1 - i) * step);
  return (
    <div class="two-columns">
      <TimeSeries
        id="requests"
        title="Requests"
        label={`Requests and errors per second to ${item.service}`}
        times={times}
        format={rate}
        series={[
          { label: 'requests/s', color: '--accent', values: item.requests, area: true },
          { label: 'errors/s', color: '--bad', values: item.errors },
        ]}
      />
      <TimeSeries
        id="p99"
        title="Latency, p99"
        label={`99th percentile of the latency of ${item.service}`}
        times={times}
        format={ms}
        series={[{ label: 'p99', color: '--ink-2', values: item.p99Ms }]}
      />
    </div>
  );
}
