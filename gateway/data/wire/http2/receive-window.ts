/** Owns what the other side may still send, for a stream or a connection (RFC 9113 section 5.2). */

export class ReceiveWindow {
  #size: number;
  #left: number;
  #owed = 0;

  constructor(size: number) {
    this.#size = size;
    this.#left = size;
  }

  /** Octets that the other side may send without more credit. */
  get left(): number {
    return this.#left;
  }

  /** Takes what a DATA frame spends; false when it may not. */
  spend(octets: number): boolean {
    this.#left -= octets;
    return this.#left >= 0;
  }

  /** Gives credit back. Returns the increment that is due: 0, until it amounts to half of the window. */
  giveBack(octets: number): number {
    this.#owed += octets;
    return this.#owed < this.#size / 2 ? 0 : this.#due();
  }

  /** Sets the window's size. Returns the increment that is due: for a smaller window none is, until octets that come make up for it. */
  setSize(size: number): number {
    this.#owed += size - this.#size;
    this.#size = size;
    return this.#owed > 0 ? this.#due() : 0;
  }

  /** Makes it as large as that where it is smaller. Returns the increment that is due. */
  openTo(size: number): number {
    return size > this.#size ? this.setSize(size) : 0;
  }

  /** Opens it to its size again, whatever was given back. Returns the increment for that. */
  reopen(): number {
    this.#owed = this.#size - this.#left;
    return this.#due();
  }

  /** Moves the window by what the other side adds to it on its own (section 6.9.2). */
  resize(by: number): void {
    this.#size += by;
    this.#left += by;
  }

  #due(): number {
    const due = this.#owed;
    this.#owed = 0;
    this.#left += due;
    return due;
  }
}
