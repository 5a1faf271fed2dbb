/** Specifies that dashboard, rules and reference name what a gateway exposes, and that all of it is documented. */
import { readFile } from 'node:fs/promises';
import test from 'ava';
import { parseTrustDomain } from '../../../../certs/spiffe-id.ts';
import { parseClusterName } from '../../../../core/names.ts';
import { auditMetrics } from '../../../../gateway/control/telemetry/audit-metrics.ts';
import type { Family } from '../../../../gateway/control/telemetry/family.ts';
import { foreignMetrics } from '../../../../gateway/control/telemetry/foreign-metrics.ts';
import { refusalMetrics } from '../../../../gateway/control/telemetry/refusal-metrics.ts';
import { stateMetrics } from '../../../../gateway/control/telemetry/state-metrics.ts';
import { trafficMetrics } from '../../../../gateway/control/telemetry/traffic-metrics.ts';
import { verifyMetrics } from '../../../../gateway/control/telemetry/verify-metrics.ts';
import { Recorder } from '../../../../gateway/data/observe/record.ts';
import { forge } from '../../../certs/forge.ts';
import { cart } from '../../records.ts';
import { state } from './state.ts';

const dc1 = parseClusterName('dc1');

const root = forge({ name: 'root', ca: true }).certificate;
const bundle = { trustDomain: parseTrustDomain('a.example'), sequence: 1, refreshHintSeconds: 1 };
const standing = {
  believed: { bundle: { ...bundle, roots: [root] }, at: 1 },
  ...{ problem: undefined, nextAt: undefined },
};

function families(): readonly Family[] {
  const recorder = new Recorder();
  recorder.served(cart, undefined, dc1, 'zone', 'http').answered(200, 4);
  recorder.refused(cart, 'NOT_EXPORTED');
  recorder.retried(cart, 'failed');
  const audit = auditMetrics({
    audit: { missing: { 'left-out': 0, unreadable: 0, lost: 0 } },
    forwarding: [],
  });
  const figures = { rttMs: 1, offsetMs: 1, bytesPerSecond: 1 };
  const verified = verifyMetrics({
    ...{ cluster: 'dc1', gateway: 'gateway-1' },
    cells: [{ to: 'dc2', at: 1, outcome: 'ok', since: 1, ...figures, findings: [] }],
  });
  const traffic = trafficMetrics(recorder.snapshot(), dc1);
  const foreign = foreignMetrics([{ config: {} as never, ...standing }], 0);
  const refusals = refusalMetrics({ tokens: { counts: new Map() }, records: [] });
  return [...stateMetrics(state), ...refusals, ...foreign, ...audit, ...verified, ...traffic];
}

/** What series are named, a histogram's parts included. */
const exposed = new Set(
  families().flatMap(({ name, type }) =>
    type === 'histogram' ? ['_bucket', '_sum', '_count'].map((part) => name + part) : [name],
  ),
);

async function text(path: string): Promise<string> {
  return readFile(new URL(`../../../../${path}`, import.meta.url), 'utf8');
}

/** Every name of ours in a text; those of recording rules have colons. */
function named(shipped: string): readonly string[] {
  return [...new Set(shipped.match(/\bisthmus(?:_[a-z0-9_]+|(?::[a-z0-9_]+)+)\b/g))];
}

test('what the dashboard and the rules ask for is there', async (t) => {
  const rules = await text('gateway/control/telemetry/prometheus/isthmus.rules.yml');
  const recorded = [...rules.matchAll(/record: (\S+)/g)].map(([, name]) => name ?? '');
  const known = new Set([...exposed, ...recorded]);
  t.true(recorded.length > 0);
  for (const shipped of [rules, await text('gateway/control/telemetry/grafana/isthmus.json')]) {
    t.deepEqual(
      named(shipped).filter((name) => !known.has(name)),
      [],
    );
  }
});

test('the reference has every metric, and none that is gone', async (t) => {
  const reference = await text('docs/reference.md');
  const rows = reference.slice(
    reference.indexOf('## Metrics'),
    reference.indexOf('## Error codes'),
  );
  const documented = named(rows);
  const names = families().map(({ name }) => name);
  t.deepEqual(
    names.filter((name) => !documented.includes(name)),
    [],
  );
  t.deepEqual(
    documented.filter((name) => !names.includes(name)),
    [],
  );
});
