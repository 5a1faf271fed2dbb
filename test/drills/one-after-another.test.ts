/** Specifies drills that follow each other at once, where the registry is far from the gateway that drives them. */
import test from 'ava';
import { federate } from '../support/federation.ts';
import { becomes, evacuation, inForce, startDrill } from './scene.ts';

/** Far longer than it takes from the end of one drill to the start of the next. */
const rttMs = 600;

test('a drill begins as soon as the one before is over at its driver, which the registry has yet to tell', async (t) => {
  const { dc2 } = await federate(t, { dc1: { rttMs }, dc2: {} });
  const spec = { ...evacuation, ramp: '0s', scope: { cluster: 'dc2' } };
  const first = await startDrill(dc2, spec);
  await inForce(dc2, first.id);
  await dc2.gateway.api.send('POST', `/v1/drills/${first.id}/abort`, {});
  await becomes(dc2, first.id, 'aborted');
  const second = await startDrill(dc2, spec);
  const { state } = await inForce(dc2, second.id);
  t.is(state, 'running');
});
