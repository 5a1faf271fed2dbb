/** Owns the process whose place this one takes: what it hands on, and when it has let go of everything. */
import { Socket } from 'node:net';
import { asIsthmusError, IsthmusError } from '../../core/errors.ts';
import type { GatewayConfig } from '../config.ts';
import type { Sockets } from '../workers/pool.ts';
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
      // It closes then, and that is what matters.
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

  get sockets(): Sockets {
    return this.#handover.sockets;
  }

  /** The configuration, with the addresses that are in use: a free port is the one that was found free before. */
  inPlaceOf(config: GatewayConfig): GatewayConfig {
    const { registry: registryAddress, ...addresses } = this.#handover.addresses;
    const { registry } = config;
    const isHost = registry && 'embedded' in registry && registryAddress !== undefined;
    return {
      ...config,
      listen: { ...config.listen, ...addresses },
      ...(isHost && { registry: { embedded: { ...registry.embedded, listen: registryAddress } } }),
    };
  }

  /** Tells it that requests are taken here too. */
  ready(): void {
    say(this.#channel, 'ready');
  }
}
