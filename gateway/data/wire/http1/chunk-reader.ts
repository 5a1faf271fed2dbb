/** Owns reading the lines between chunks (RFC 9112 section 7.1), octet by octet across any number of reads. */
import type { Http1Limits } from './limits.ts';
import { cr, hexValue, isFieldOctet, lf, semicolon, sp, tab } from './octets.ts';
import type { RefusalCode } from './refusal.ts';

type State =
  | 'data-cr'
  | 'data-lf'
  | 'size-start'
  | 'size'
  | 'before-extension'
  | 'extension'
  | 'size-lf';

/** A size that fits a safe integer has at most 14 digits; a few more are allowed to be zeros in front. */
const maxDigits = 16;

/**
 * Reads `chunk-size [ chunk-ext ] CRLF`, and before every one but the first the CRLF that ends the data of
 * the one before. Extensions are checked and dropped, as every recipient may.
 */
export class ChunkReader {
  readonly #maxExtensionBytes: number;
  #state: State = 'size-start';
  #digits = 0;
  #extensionBytes = 0;
  /** Octets of data in the chunk whose line was read; 0 ends the content. */
  size = 0;
  /** Offset in the buffer of the last call up to which it has been read. */
  position = 0;

  constructor({ maxChunkExtensionBytes }: Http1Limits) {
    this.#maxExtensionBytes = maxChunkExtensionBytes;
  }

  begin(): void {
    this.#state = 'size-start';
    this.#extensionBytes = 0;
  }

  /** Undefined: the line goes on beyond `end`. */
  read(buffer: Buffer, start: number, end: number): 'chunk' | RefusalCode | undefined {
    for (let i = start; i < end; i++) {
      const octet = buffer[i] as number;
      const outcome = this.#take(octet);
      if (outcome === undefined) continue;
      this.position = outcome === 'chunk' ? i + 1 : i;
      return outcome;
    }
    this.position = end;
    return undefined;
  }

  #take(octet: number): 'chunk' | RefusalCode | undefined {
    switch (this.#state) {
      case 'size-start':
        this.size = 0;
        this.#digits = 0;
        this.#state = 'size';
        return hexValue[octet] === 255 ? 'chunk-size-invalid' : this.#takeDigit(octet);
      case 'size':
        if (hexValue[octet] !== 255) return this.#takeDigit(octet);
        return octet === cr ? this.#endLine() : this.#beginExtension(octet);
      case 'before-extension':
        return this.#beginExtension(octet);
      case 'extension':
        if (octet === cr) return this.#endLine();
        if (isFieldOctet[octet] !== 1) return strayIn(octet, 'chunk-extension-invalid');
        return this.#countExtension();
      case 'size-lf':
        if (octet !== lf) return 'bare-cr';
        this.#state = 'data-cr';
        this.#extensionBytes = Math.max(0, this.#extensionBytes - this.size);
        return 'chunk';
      case 'data-cr':
        this.#state = 'data-lf';
        return octet === cr ? undefined : 'chunk-end-invalid';
      case 'data-lf':
        this.#state = 'size-start';
        return octet === lf ? undefined : 'chunk-end-invalid';
    }
  }

  #takeDigit(octet: number): RefusalCode | undefined {
    this.size = this.size * 16 + (hexValue[octet] as number);
    const fits = ++this.#digits <= maxDigits && this.size <= Number.MAX_SAFE_INTEGER;
    return fits ? undefined : 'chunk-size-too-large';
  }

  /** White space belongs to an extension (7.1.1); it is not padding after a size. */
  #beginExtension(octet: number): RefusalCode | undefined {
    if (octet === semicolon) this.#state = 'extension';
    else if (octet === sp || octet === tab) this.#state = 'before-extension';
    else return strayIn(octet, 'chunk-size-invalid');
    return this.#countExtension();
  }

  #endLine(): undefined {
    this.#state = 'size-lf';
  }

  #countExtension(): RefusalCode | undefined {
    return ++this.#extensionBytes > this.#maxExtensionBytes
      ? 'chunk-extension-too-large'
      : undefined;
  }
}

function strayIn(octet: number, otherwise: RefusalCode): RefusalCode {
  return octet === lf ? 'bare-lf' : otherwise;
}
