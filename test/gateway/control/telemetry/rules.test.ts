/** Specifies the rules for Prometheus that are shipped. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import test from 'ava';

const run = promisify(execFile);
const folder = new URL('../../../../gateway/control/telemetry/', import.meta.url);
const rules = new URL('prometheus/isthmus.rules.yml', folder).pathname;

test('Prometheus takes the rules that are shipped', async (t) => {
  const { stdout } = await run('promtool', ['check', 'rules', rules]);
  t.regex(stdout, /SUCCESS: \d+ rules found/);
});

test('each rule makes what it should of made-up series', async (t) => {
  const cases = new URL('prometheus/isthmus.rules.test.yml', folder).pathname;
  const { stdout } = await run('promtool', ['test', 'rules', cases]);
  t.regex(stdout, /SUCCESS/);
});

test('every alert that is shipped is tried by the tests of the rules', async (t) => {
  const text = await readFile(rules, 'utf8');
  const tried = await readFile(new URL('prometheus/isthmus.rules.test.yml', folder), 'utf8');
  const alerts = [...text.matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
  t.true(alerts.length > 0);
  for (const alert of alerts) t.regex(tried, new RegExp(`alertname: ${alert}\\b`), alert);
});
