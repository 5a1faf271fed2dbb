/** Owns the scenario of full mTLS handshakes: what a storm of reconnecting gateways costs. */
import { tlsListener } from '../contestants.ts';
import { handshakeLoad } from '../load.ts';
import { costOf } from '../measure.ts';
import type { Scenario } from '../rounds.ts';

export const handshake: Scenario = {
  name: 'handshake',
  title: 'full mTLS 1.3 handshakes, P-256, no resumption, 8 at a time',
  programs: tlsListener,
  async measure(running, seconds) {
    const { client, port } = running;
    if (client === undefined) throw new Error('There is nothing to shake hands with');
    const cost = await costOf(running, () => handshakeLoad(port, client, seconds));
    return {
      cpuMsPerHandshake: cost.cpuUs / 1_000 / cost.result,
      handshakesPerSecond: cost.result / cost.seconds,
      cores: cost.cores,
      rssMB: cost.rssMB,
    };
  },
};
