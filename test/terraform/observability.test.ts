/** Specifies the module for observability: Prometheus takes what it renders, and alerts are of one federation alone. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import ava from 'ava';
import { stringify } from 'yaml';
import { run, runOk } from '../support/programs.ts';
import { rendered } from '../support/rendered-module.ts';
import { tempDir } from '../support/temp-dir.ts';
import { copyOfTerraform, terraformTest } from '../support/terraform.ts';

const test = terraformTest(ava);
const folder = 'modules/observability';
const shipped = 'gateway/control/telemetry';

interface Outputs {
  readonly prometheus_rules: string;
  readonly scrape_config: string;
  readonly grafana_dashboard: string;
}

async function renderedOf(t: Parameters<typeof copyOfTerraform>[0], variables: object) {
  const terraform = await copyOfTerraform(t, {}, [shipped]);
  await terraform.ok(folder, 'init', '-no-color');
  return rendered<Outputs>(terraform, folder, variables);
}

test('what is rendered of nothing is what comes with the gateway', async (t) => {
  const dir = await tempDir(t);
  const { grafana_dashboard, prometheus_rules } = await renderedOf(t, {});
  await writeFile(join(dir, 'isthmus.rules.yml'), prometheus_rules);
  const cases = join(dir, 'isthmus.rules.test.yml');
  await writeFile(cases, await readFile(`${shipped}/prometheus/isthmus.rules.test.yml`, 'utf8'));
  t.regex(await runOk('promtool', ['test', 'rules', cases]), /SUCCESS/);
  const text = await readFile(`${shipped}/grafana/isthmus.json`, 'utf8');
  t.deepEqual(JSON.parse(grafana_dashboard), JSON.parse(text));
});

test('alerts and graphs are of one federation, and say so', async (t) => {
  const dir = await tempDir(t);
  const { grafana_dashboard, prometheus_rules, scrape_config } = await renderedOf(t, {
    matchers: { federation: 'acme' },
    alert_labels: { team: 'edge' },
    targets: { dc1: ['127.0.0.1:7001'] },
  });
  const rules = join(dir, 'rules.yml');
  await writeFile(rules, prometheus_rules);
  const link = (federation: string) =>
    `isthmus_link_up{federation="${federation}",instance="a",destination_cluster="dc2",address="a:1",connection="0"}`;
  const requests = (code: string) =>
    `isthmus_requests_total{federation="acme",service="orders.shop",reporter="source",source_cluster="dc1",destination_cluster="dc1",tier="zone",protocol="http",code="${code}"}`;
  const alert = (name: string, labels: object | undefined) => ({
    eval_time: '5m',
    alertname: name,
    exp_alerts: labels ? [{ exp_labels: { federation: 'acme', team: 'edge', ...labels } }] : [],
  });
  const cases = join(dir, 'test.yml');
  await writeFile(
    cases,
    stringify({
      rule_files: [rules],
      evaluation_interval: '15s',
      tests: [
        {
          interval: '15s',
          input_series: [
            { series: link('other'), values: '0x40' },
            { series: requests('5xx'), values: '0+15x40' },
            { series: requests('2xx'), values: '0+15x40' },
          ],
          alert_rule_test: [alert('IsthmusClusterUnreachable', undefined)],
          promql_expr_test: [
            {
              expr: 'ALERTS{alertname="IsthmusServiceFailing",federation="acme",team="edge"}',
              eval_time: '5m',
              exp_samples: [
                {
                  labels:
                    'ALERTS{alertname="IsthmusServiceFailing",alertstate="firing",federation="acme",service="orders.shop",severity="critical",team="edge"}',
                  value: 1,
                },
              ],
            },
          ],
        },
      ],
    }),
  );
  const tested = await run('promtool', ['test', 'rules', cases]);
  t.is(tested.code, 0, tested.stdout + tested.stderr);
  for (const { targets = [] } of JSON.parse(grafana_dashboard).panels) {
    for (const { expr } of targets) t.regex(expr, /\{federation="acme"[,}]/, expr);
  }
  const config = join(dir, 'prometheus.yml');
  await writeFile(
    config,
    `rule_files: [${rules}]\nscrape_configs:\n- ${scrape_config.replaceAll('\n', '\n  ')}\n`,
  );
  t.regex(await runOk('promtool', ['check', 'config', config]), /SUCCESS/);
});
