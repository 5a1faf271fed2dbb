/** Owns an enterprise's authorities as its own tools make them: keys and certificates by openssl, in files of every kind. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { runOk } from '../support/programs.ts';
import { tempDir } from '../support/temp-dir.ts';

export const password = 'correct horse';

const kinds = {
  RSA: ['-newkey', 'rsa:2048'],
  'P-384': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  'P-256': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'P-521': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-521'],
  'RSA of 1024 bits': ['-newkey', 'rsa:1024'],
  Ed25519: ['-newkey', 'ed25519'],
} as const;

export type Kind = keyof typeof kinds;

/** A certificate and its key, as paths of PEM files. */
export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

interface Made {
  readonly name: string;
  readonly kind: Kind;
  /** Default: it signs itself. */
  readonly issuer?: Pair;
  /** Lines of openssl's configuration. Default those of an authority that may sign others. */
  readonly extensions?: readonly string[];
}

export const authority = [
  'basicConstraints=critical,CA:TRUE',
  'keyUsage=critical,keyCertSign,cRLSign',
];

export class Enterprise {
  readonly dir: string;

  private constructor(dir: string) {
    this.dir = dir;
  }

  static async at(t: Pick<ExecutionContext, 'teardown'>): Promise<Enterprise> {
    return new Enterprise(await tempDir(t));
  }

  /** A path among its files. */
  path(name: string): string {
    return join(this.dir, name);
  }

  async write(name: string, text: string): Promise<string> {
    await writeFile(this.path(name), text);
    return this.path(name);
  }

  openssl(...args: readonly string[]): Promise<string> {
    return runOk('openssl', args, { cwd: this.dir });
  }

  /** Valid for a year. */
  async make({ name, kind, issuer, extensions = authority }: Made): Promise<Pair> {
    const pair = { certificate: this.path(`${name}.crt`), key: this.path(`${name}.key`) };
    const by = issuer === undefined ? [] : ['-CA', issuer.certificate, '-CAkey', issuer.key];
    const config = await this.write(
      `${name}.cnf`,
      `[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nO=Corp\nCN=${name}\n[ext]\n${extensions.join('\n')}\nsubjectKeyIdentifier=hash\n`,
    );
    await this.openssl(
      ...['req', '-x509', '-nodes', '-config', config, '-extensions', 'ext', ...kinds[kind]],
      ...['-days', '365', '-keyout', pair.key, '-out', pair.certificate],
      ...by,
    );
    return pair;
  }

  /** The certificates, one after the other in a file. */
  async chain(name: string, ...pairs: readonly Pair[]): Promise<string> {
    const texts = await Promise.all(pairs.map(({ certificate }) => readFile(certificate, 'utf8')));
    return this.write(name, texts.join(''));
  }
}
