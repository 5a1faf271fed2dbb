/** Owns the process whose place this one takes: what it hands on, and when it has let go of everything. */
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { parseAddress } from '../../../core/address.ts';
import { asIsthmusError, IsthmusError } from '../../../core/errors.ts';
import type { GatewayConfig } from '../config/config.ts';
import { listenOf } from '../config/data-side-settings.ts';
import type { Sockets } from '../workers/places.ts';
import {
  channelFd,
  type Handover,
  handoverSchema,
  handoverVariable,
  listenTo,
  say,
} from './handover.ts';

export class Predecessor {
  readonly #handover: Handover;
  readonly #channel: Socket;
  /** Resolves when everything is this process's: the predecessor has said so, or has ended. */
  readonly released: Promise<void>;

  private constructor(handover: Handover) {
    this.#handover = handover;
    this.#channel = new Socket({ fd: channelFd });
    // A process that can't start ends all the same.
    this.#channel.unref();
    this.released = new Promise((resolve) => {
      listenTo(this.#channel, (word) => word === 'released' && resolve());
      this.#channel.once('close', () => resolve());
      // The channel closes then, and that is what matters.
      this.#channel.on('error', () => {});
    });
    void this.released.then(() => this.#channel.destroy());
  }

  /** Undefined for a process that was started by itself. Throws TAKEOVER_FAILED where what it was told makes no sense. */
  static from(env: NodeJS.ProcessEnv): Predecessor | undefined {
    const text = env[handoverVariable];
    // Not for those that this process starts.
    delete env[handoverVariable];
    if (text === undefined) return undefined;
    try {
      return new Predecessor(handoverSchema.parse(JSON.parse(text)));
    } catch (cause) {
      throw new IsthmusError('TAKEOVER_FAILED', {
        what: `${handoverVariable} is not what a gateway sets: ${asIsthmusError(cause).message}`,
        fix: `Unset ${handoverVariable}: a gateway sets it for the process that takes its place.`,
        cause,
      });
    }
  }

  /**
   * Those that `config` has a listener for, at the same address. The others are closed: whoever connects to a
   * socket that nobody listens on waits in vain.
   */
  socketsFor(config: GatewayConfig): Partial<Sockets> {
    const { sockets, addresses } = this.#handover;
    const wanted = new Map(Object.entries(listenOf(config)));
    const kept = Object.entries(sockets).filter(([name, fds]) => {
      const isKept = isSamePlace(wanted.get(name), addresses[name]);
      if (!isKept) for (const fd of fds) closeSync(fd);
      return isKept;
    });
    return Object.fromEntries(kept);
  }

  /** The configuration, with the addresses that are in use: a free port is the one that was found free before. */
  inPlaceOf(config: GatewayConfig): GatewayConfig {
    const { outbound, eastWest, federation, admin, ...other } = this.#handover.addresses;
    const { registry: listen, bundleEndpoint: given } = other;
    const { embedded, host } = config.registry ?? {};
    const { bundleEndpoint } = config.trust;
    return {
      ...config,
      listen: { ...config.listen, outbound, eastWest, federation, admin },
      ...(embedded &&
        listen !== undefined && { registry: { embedded: { ...embedded, listen }, host } }),
      ...(bundleEndpoint &&
        given !== undefined && {
          trust: { ...config.trust, bundleEndpoint: { ...bundleEndpoint, listen: given } },
        }),
    };
  }

  /** Tells it that requests are taken here too. */
  ready(): void {
    say(this.#channel, 'ready');
  }
}

/** Whether `wanted` is where a socket is `bound`; port 0 is content with any. */
function isSamePlace(wanted: string | undefined, bound: string | undefined): boolean {
  if (wanted === undefined || bound === undefined) return false;
  const [one, other] = [parseAddress(wanted), parseAddress(bound)];
  return one.host === other.host && (one.port === 0 || one.port === other.port);
}
