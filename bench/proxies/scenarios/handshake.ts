/** Owns the scenario of full mTLS handshakes: what a storm of reconnecting gateways costs. */
import { tlsListener } from '../contestants.ts';
import { handshakeLoad } from '../handshakes.ts';
import { perRequest } from '../measure.ts';
import type { Scenario } from '../rounds.ts';

export const handshake: Scenario = {
  name: 'handshake',
  title: 'full mTLS 1.3 handshakes, each a request: P-256, no resumption, 8 at a time',
  programs: tlsListener,
  async measure(running, seconds) {
    const { client, port } = running;
    if (client === undefined) throw new Error('There is nothing to shake hands with');
    return perRequest(running, 'cpuUsPerRequest', () => handshakeLoad(port, client, seconds));
  },
};
