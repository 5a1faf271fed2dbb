/** Owns an etcd's users and roles as an administrator reads and changes them. */
import { AuthClient, type IPermission } from 'etcd3/lib/rpc.js';
import type { Clock } from '../../core/clock.ts';
import { EtcdConnection } from '../etcd-connection.ts';
import type { EtcdUser } from '../etcd-login.ts';
import type { RegistryTls } from '../etcd-tls.ts';
import type { Permission } from './permissions.ts';
import type { Held, Step } from './plan.ts';

interface EtcdUsersOptions {
  /** `http://host:port` or `https://host:port`, all of one kind; tried in turn. */
  readonly endpoints: readonly string[];
  readonly tls?: RegistryTls;
  /** The administrator: a user with etcd's role `root`. Not asked for where a certificate says who calls. */
  readonly user?: () => Promise<EtcdUser>;
  readonly clock: Clock;
}

/** Each change makes etcd forget who is logged in, and hash a password when they come back. */
const deadlineMs = 10_000;

/** Every method rejects with REGISTRY_UNAVAILABLE, TIMED_OUT, REGISTRY_UNAUTHENTICATED or REGISTRY_DENIED. */
export class EtcdUsers {
  readonly #connection: EtcdConnection;
  readonly #auth: AuthClient;

  /** Connects on first use; throws CONFIG_INVALID or CERT_INVALID for options that can never work. */
  constructor(options: EtcdUsersOptions) {
    this.#connection = new EtcdConnection({
      ...options,
      deadlineMs,
      report: () => {},
      notReplaced: () => {},
    });
    this.#auth = new AuthClient(this.#connection);
  }

  /** Whether etcd asks who calls: else roles bind nobody. */
  isEnforced(): Promise<boolean> {
    return this.#connection.asksForUsers();
  }

  async held(name: string): Promise<Held> {
    const { users } = await this.#auth.userList();
    const { roles } = await this.#auth.roleList();
    return {
      permissions: roles.includes(name) ? await this.#permissions(name) : undefined,
      roles: users.includes(name) ? (await this.#auth.userGet({ name })).roles : undefined,
    };
  }

  /** Takes one step. `password`: of the user; undefined for one that comes by certificate. */
  async take(step: Step, password: string | undefined): Promise<void> {
    const { kind, name } = step;
    const auth = this.#auth;
    if (kind === 'add-role') await auth.roleAdd({ name });
    else if (kind === 'grant') {
      await auth.roleGrantPermission({ name, perm: encode(step.permission) });
    } else if (kind === 'revoke') {
      const { key, range_end } = encode(step.permission);
      await auth.roleRevokePermission({ role: name, key, range_end });
    } else if (kind === 'add-user') {
      await auth.userAdd({
        name,
        ...(password === undefined ? { options: { no_password: true } } : { password }),
      });
    } else if (kind === 'give-role') await auth.userGrantRole({ user: name, role: name });
    else if (kind === 'delete-user') await auth.userDelete({ name });
    else await auth.roleDelete({ role: name });
  }

  close(): void {
    this.#connection.close();
  }

  async #permissions(role: string): Promise<Permission[]> {
    const { perm } = await this.#auth.roleGet({ role });
    return perm.map(({ permType, key, range_end }) => {
      return { type: permType, key: key.toString(), end: range_end.toString() };
    });
  }
}

function encode({ type, key, end }: Permission): IPermission {
  return { permType: type, key: Buffer.from(key), range_end: Buffer.from(end) };
}
