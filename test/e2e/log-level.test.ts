/** Specifies the log level of a gateway that runs: changed by command, at every thread, on the record. */
import test from 'ava';
import { standalone } from '../support/federation.ts';
import { until } from '../support/until.ts';

interface Audited {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

test('the log of a running gateway says more when it is told to, its workers too, and less again', async (t) => {
  const { gateway } = await standalone(t, 'dc1', { instances: 0, config: { workers: 1 } });
  const refused = { msg: 'request refused', level: 'debug', worker: '0' };
  t.is(await gateway.isthmusOk(['log-level']), 'info');
  t.is((await gateway.request('nobody.shop')).status, 404);

  t.is(await gateway.isthmusOk(['log-level', 'debug']), 'debug');
  t.false(gateway.logged(refused));
  await until('a refusal to be logged', async () => {
    t.is((await gateway.request('nobody.shop')).status, 404);
    return gateway.logged(refused);
  });
  const audit = await gateway.items<Audited>('/v1/audit');
  t.true(
    audit.some(
      ({ method, path, status }) => method === 'PUT' && path === '/v1/log-level' && status === 200,
    ),
  );

  t.is(await gateway.isthmusOk(['log-level', 'warn']), 'warn');
  t.is(await gateway.isthmusOk(['log-level']), 'warn');
  const wrong = await gateway.isthmus(['log-level', 'loud']);
  t.is(wrong.code, 64);
  t.regex(wrong.stderr, /debug/, 'it says what there is');
});
