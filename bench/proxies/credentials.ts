/** Owns the certificates of all programs: made by the authority gateways use, so that all do the same mathematics. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openAuthority } from '../../certs/authority.ts';
import { gatewayId, parseTrustDomain } from '../../certs/spiffe-id.ts';
import { systemClock } from '../../core/clock.ts';

/** Paths of PEM files of one party. */
export interface Credentials {
  /** Its DNS name. */
  readonly name: string;
  /** Certificate and root. */
  readonly cert: string;
  readonly key: string;
  /** Certificate, root and key in one file. */
  readonly both: string;
  /** The root alone. */
  readonly root: string;
}

/** A certificate by the authority kept in `authorityDir`, which is founded when there is none. ECDSA P-256. */
export async function credentials(
  dir: string,
  name: string,
  authorityDir = join(dir, `${name}-ca`),
): Promise<Credentials> {
  await mkdir(dir, { recursive: true });
  const trustDomain = parseTrustDomain(name);
  const authority = await openAuthority({ dir: authorityDir, trustDomain, clock: systemClock });
  const id = gatewayId(trustDomain, 'bench');
  const leaf = await authority.issueLeaf({ id, dnsNames: [name] });
  const write = async (suffix: string, text: string) => {
    const path = join(dir, `${name}.${suffix}`);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  };
  return {
    name,
    cert: await write('crt', leaf.chainPem),
    key: await write('key', leaf.keyPem),
    both: await write('pem', leaf.chainPem + leaf.keyPem),
    root: await write('root', authority.rootPem),
  };
}
