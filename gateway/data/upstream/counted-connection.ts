/** Owns what one connection counts for at the breakers of the service that it was made for: until it is there a request waits for it. */
import type { ConnectionGate } from '../balance/breakers.ts';

export class CountedConnection {
  readonly #gate: ConnectionGate;
  #isAwaited = true;

  constructor(gate: ConnectionGate) {
    this.#gate = gate;
    gate.opened();
    gate.waits();
  }

  connected(): void {
    if (!this.#isAwaited) return;
    this.#isAwaited = false;
    this.#gate.goesOn();
  }

  closed(): void {
    this.connected();
    this.#gate.closed();
  }
}
