/** Owns the files by which this gateway proves itself to an etcd: read with the registry's opening, and again when they change. */
import { resolve } from 'node:path';
import type { Clock } from '../../../core/clock.ts';
import { IsthmusError } from '../../../core/errors.ts';
import { readSecret } from '../../../core/files.ts';
import type { Log } from '../../../core/log.ts';
import type { EtcdUser } from '../../../registry/etcd-login.ts';
import { type RegistryTls, secureContextOf } from '../../../registry/etcd-tls.ts';
import { KeptValue } from '../certificates/kept-value.ts';
import type { EtcdConfig } from '../config/registry.ts';

/** How often the certificates are looked at. */
const lookEveryMs = 5_000;

interface EtcdCredentialsOptions {
  readonly etcd: EtcdConfig;
  /** Absolute folder that relative paths are relative to. */
  readonly baseDir: string;
  readonly clock: Clock;
  readonly log: Log;
}

export class EtcdCredentials {
  /** etcd's user, where one is configured. Its password is read at every call. Throws FILE_UNREADABLE. */
  readonly user: (() => Promise<EtcdUser>) | undefined;
  readonly #options: EtcdCredentialsOptions;
  readonly #tls: KeptValue<RegistryTls> | undefined;
  #cancelLook = (): void => {};

  private constructor(
    options: EtcdCredentialsOptions,
    tls: KeptValue<RegistryTls> | undefined,
    user: (() => Promise<EtcdUser>) | undefined,
  ) {
    this.#options = options;
    this.#tls = tls;
    this.user = user;
  }

  /** Reads all of them. Throws FILE_UNREADABLE, CERT_INVALID or CONFIG_INVALID, saying of which. */
  static async open(options: EtcdCredentialsOptions): Promise<EtcdCredentials> {
    const user = userOf(options);
    await user?.();
    return new EtcdCredentials(options, await openTls(options), user);
  }

  get tls(): RegistryTls | undefined {
    return this.#tls?.value;
  }

  /** Why the certificates as they are on disk now are not used. */
  get problem(): IsthmusError | undefined {
    return this.#tls?.problem;
  }

  /** Calls `renewed` whenever the certificates were replaced, until `stop`. */
  watch(renewed: (tls: RegistryTls) => void): void {
    const kept = this.#tls;
    if (kept === undefined) return;
    const { clock, log } = this.#options;
    const look = async (): Promise<void> => {
      const seen = await kept.look();
      if (seen === 'replaced') {
        log.info({ where: kept.where }, 'certificates for the registry replaced');
        renewed(kept.value);
      } else if (seen === 'unusable') {
        log.error({ err: kept.problem }, 'certificates for the registry not usable');
      }
    };
    const lookLater = (): void => {
      this.#cancelLook = clock.after(lookEveryMs, () => {
        lookLater();
        void look();
      });
    };
    lookLater();
  }

  stop(): void {
    this.#cancelLook();
  }
}

function userOf({ etcd, baseDir }: EtcdCredentialsOptions) {
  const { username, passwordFile } = etcd;
  if (username === undefined || passwordFile === undefined) return undefined;
  return async (): Promise<EtcdUser> => {
    const password = (await readSecret(resolve(baseDir, passwordFile))).trim();
    if (password !== '') return { username, password };
    const where = `registry.etcd.passwordFile (${passwordFile})`;
    throw new IsthmusError('CONFIG_INVALID', { what: 'The file is empty', where });
  };
}

async function openTls({ etcd, baseDir }: EtcdCredentialsOptions) {
  const { ca, cert, key, serverName, endpoints } = etcd;
  if (ca === undefined) return undefined;
  // The configuration has both of a pair, or neither.
  const files = cert === undefined || key === undefined ? [ca] : [ca, cert, key];
  return KeptValue.open<RegistryTls>({
    where: `registry.etcd (${files.join(', ')})`,
    paths: files.map((file) => resolve(baseDir, file)),
    make: (caPem = '', certPem?: string, keyPem?: string) => {
      const tls = {
        ca: caPem,
        ...(certPem !== undefined && keyPem !== undefined && { cert: certPem, key: keyPem }),
        ...(serverName !== undefined && { serverName }),
      };
      secureContextOf(endpoints, tls);
      return tls;
    },
  });
}
