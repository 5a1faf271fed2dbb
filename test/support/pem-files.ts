/** Owns certificates from outside in tests: an authority of the tests' own, and pairs of PEM files as an administrator puts them. */
import { rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { keyPemOf, pemOf } from '../../certs/x509.ts';
import { type Forged, forge } from '../certs/forge.ts';

interface PemFiles {
  /** Paths. */
  readonly cert: string;
  readonly key: string;
}

export const tenYears = 10 * 365 * 86_400_000;

/** Makes certificates for names, and writes them where they are wanted. */
export class PemFolder {
  readonly dir: string;
  /** By a name of its own: certificates of two folders are told apart by who issued them. */
  readonly authority: Forged;

  constructor(dir: string) {
    this.dir = dir;
    // Long enough that a clock which is off does not end it.
    const [notBefore, notAfter] = [Date.now() - tenYears, Date.now() + tenYears];
    const name = `authority of ${basename(dir)}`;
    this.authority = forge({ name, ca: true, notBefore, notAfter });
  }

  /** The authority's certificate as a file. */
  async ca(): Promise<string> {
    const path = join(this.dir, 'ca.pem');
    await writeFile(path, pemOf(this.authority.certificate.raw));
    return path;
  }

  issue(dnsNames: readonly string[], options: Partial<Parameters<typeof forge>[0]> = {}): Forged {
    const name = dnsNames[0] ?? 'nobody';
    return forge({ name, issuer: this.authority, dnsNames, ...options });
  }

  /** Writes a certificate and its key as `<name>.pem` and `<name>.key`, each in one step, over what is there. */
  async write(name: string, { certificate, key }: Forged): Promise<PemFiles> {
    return {
      cert: await this.put(`${name}.pem`, pemOf(certificate.raw)),
      key: await this.put(`${name}.key`, keyPemOf(key)),
    };
  }

  /** Issues and writes. */
  async make(name: string, ...dnsNames: readonly string[]): Promise<PemFiles> {
    return this.write(name, this.issue(dnsNames));
  }

  /** Replaces a file in one step. */
  async put(file: string, text: string): Promise<string> {
    const path = join(this.dir, file);
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    await rename(`${path}.new`, path);
    return path;
  }
}
