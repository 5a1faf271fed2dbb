/** Owns the start of header blocks that come again and again: the octets of fields that are all in the tables. */

/**
 * The octets are good for one encoder, and only until its table changes: `state` stands for that. They are numbers of
 * entries, never text, so that nothing secret is kept.
 */
export class BlockStart {
  #state: object | undefined;
  /** One a character. */
  #octets = '';

  keep(state: object, octets: string): void {
    this.#state = state;
    this.#octets = octets;
  }

  /** Copies the octets to `at`. Returns where they end: at `at`, where they say nothing in `state`. */
  copyTo(target: Buffer, at: number, state: object): number {
    if (this.#state !== state) return at;
    const octets = this.#octets;
    for (let i = 0; i < octets.length; i++) target[at + i] = octets.charCodeAt(i);
    return at + octets.length;
  }
}
