/** Owns one channel to one endpoint of the registry: dialed once, and closed when it may be without harm. */
import type { EventEmitter } from 'node:events';
import { isIP } from 'node:net';
import * as grpc from '@grpc/grpc-js';
import { Host } from 'etcd3/lib/connection-pool.js';
import type { Clock } from '../core/clock.ts';

/** An hour: no link is kept that long without a connection. */
const neverMs = 3_600_000;

/**
 * etcd rejects pings more often than every 5 s, and any without a call in flight. A connection that
 * answers none within 10 s is dead. Every link has its own channel, so replacing it really dials anew; a channel
 * that could not connect does not try again by itself: when to dial is for `RetryGate` to say.
 */
const channelOptions: grpc.ChannelOptions = {
  'grpc.keepalive_time_ms': 7000,
  'grpc.keepalive_timeout_ms': 3000,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.max_receive_message_length': 64 * 1024 * 1024,
  'grpc.enable_channelz': 0,
  'grpc.enable_retries': 0,
  'grpc.initial_reconnect_backoff_ms': neverMs,
  'grpc.max_reconnect_backoff_ms': neverMs,
};

/** Sent where the endpoint is an IP address; no certificate is chosen or checked by it. */
const unnamedServer = 'registry.invalid';

interface EtcdLinkOptions {
  readonly endpoint: string;
  /** Name the server is expected by. */
  readonly expected: string;
  readonly credentials: grpc.ChannelCredentials;
  /** By then every call on it is over. */
  readonly deadlineMs: number;
  readonly clock: Clock;
  /** The link has closed. */
  closed(link: EtcdLink): void;
}

/** Why a link is given to no more calls. */
export type Retirement =
  /** The link brings no answers: its streams end with it. */
  | 'broken'
  /** Another took its place: its streams go on until they end by themselves. */
  | 'replaced';

export class EtcdLink {
  readonly endpoint: string;
  readonly host: Host;
  readonly #channel: grpc.Channel;
  readonly #options: EtcdLinkOptions;
  #streams = 0;
  /** Once its calls are over it closes with its last stream. */
  #closesWhenEmpty = false;
  #cancelClosing = (): void => {};

  constructor(options: EtcdLinkOptions) {
    const { endpoint, expected, credentials } = options;
    const url = new URL(endpoint);
    this.endpoint = endpoint;
    this.#options = options;
    this.#channel = new grpc.Channel(url.host, credentials, {
      ...channelOptions,
      // TLS names no IP addresses (RFC 6066, section 3), and grpc-js would try; what the certificate is checked for stays `expected`.
      'grpc.ssl_target_name_override': isIP(expected) === 0 ? expected : unnamedServer,
    });
    // Every service client of the host shares this one channel.
    const shared: grpc.ClientOptions = { channelOverride: this.#channel };
    this.host = new Host(url.host, credentials, shared as grpc.ChannelOptions);
  }

  /** Dials without a call; tells whether there is a connection, at the latest when a call would have timed out. */
  connected(): Promise<boolean> {
    const { READY, CONNECTING, IDLE } = grpc.connectivityState;
    const deadline = Date.now() + this.#options.deadlineMs;
    return new Promise((resolve) => {
      const look = (): void => {
        const state = this.#channel.getConnectivityState(true);
        if (state !== CONNECTING && state !== IDLE) resolve(state === READY);
        else {
          this.#channel.watchConnectivityState(state, deadline, (late) => {
            if (late) resolve(false);
            else look();
          });
        }
      };
      look();
    });
  }

  /** Counts a stream until it is over. */
  carry(stream: EventEmitter): void {
    this.#streams += 1;
    stream.once('status', () => {
      this.#streams -= 1;
      if (this.#closesWhenEmpty && this.#streams === 0) this.close();
    });
  }

  /** Closes it later: a closed channel fails calls still waiting to be sent, and soon its streams. */
  retire(why: Retirement): void {
    const { clock, deadlineMs } = this.#options;
    this.#cancelClosing();
    this.#cancelClosing = clock.after(deadlineMs, () => {
      if (why === 'broken' || this.#streams === 0) this.close();
      else this.#closesWhenEmpty = true;
    });
  }

  close(): void {
    this.#closesWhenEmpty = false;
    this.#cancelClosing();
    this.#channel.close();
    this.#options.closed(this);
  }
}
