/** Owns putting settings into force: the other side's as they come, ours as they are acknowledged (RFC 9113 section 6.5.3). */
import type { HpackDecoder } from '../hpack/decoder.ts';
import { initialTableSize } from '../hpack/dynamic-table.ts';
import type { ConnectionOptions } from './options.ts';
import { errorCode } from './protocol.ts';
import { type Failure, ourSettings, PeerSettings } from './settings.ts';
import type { Streams } from './streams.ts';

export class SettingsExchange {
  readonly peer = new PeerSettings();
  readonly #options: ConnectionOptions;
  readonly #streams: Streams;
  readonly #decoder: HpackDecoder;
  readonly #isServer: boolean;
  #acknowledged = false;

  /** Sends ours. */
  constructor(
    options: ConnectionOptions,
    streams: Streams,
    decoder: HpackDecoder,
    isServer: boolean,
  ) {
    this.#options = options;
    this.#streams = streams;
    this.#decoder = decoder;
    this.#isServer = isServer;
    streams.writer.settings(ourSettings(options, isServer));
    streams.setWindow(options.connectionWindow);
  }

  /** Ours are in force. */
  get acknowledged(): boolean {
    return this.#acknowledged;
  }

  /** Applies a SETTINGS frame of the other side and acknowledges it. */
  onSettings(bytes: Buffer, start: number, end: number): Failure | undefined {
    const { peer } = this;
    const { writer } = this.#streams;
    const failure = peer.apply(bytes, start, end, !this.#isServer);
    if (failure !== undefined) return failure;
    if (!this.#streams.setSendWindow(peer.initialWindowSize))
      return { code: errorCode.flowControlError, what: 'a window overflows by SETTINGS' };
    const { headerTableSize = initialTableSize } = peer;
    writer.limitFrames(peer.maxFrameSize);
    writer.encoder.limitTable(Math.min(headerTableSize, this.#options.headerTableSize));
    writer.settingsAck();
    return undefined;
  }

  /** Puts ours into force; a further acknowledgement means nothing. */
  onAck(): undefined {
    if (this.#acknowledged) return;
    this.#acknowledged = true;
    this.#decoder.limitTable(this.#options.headerTableSize);
    this.#streams.acknowledgeWindow(this.#options.streamWindow);
  }
}
