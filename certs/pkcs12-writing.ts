/** Owns making PKCS#12 (RFC 7292) of a key and its certificates, as browsers and other clients take it in: AES-256 and SHA-256 all through. */
import {
  createCipheriv,
  createHash,
  createHmac,
  type KeyObject,
  pbkdf2Sync,
  randomBytes,
  type X509Certificate,
} from 'node:crypto';
import type { asn1 } from 'node-forge';

interface Content {
  readonly key: KeyObject;
  /** That of the key first. */
  readonly certificates: readonly X509Certificate[];
  /** What it is called where it is taken in. */
  readonly name: string;
  readonly password: string;
}

/** Each guess at the password costs as much as that many hashes: what others take in without complaint. */
const iterations = 100_000;
const saltBytes = 16;
/** Octets that SHA-256 takes in at once. */
const blockBytes = 64;

const oids = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  shroudedKey: '1.2.840.113549.1.12.10.1.2',
  certificate: '1.2.840.113549.1.12.10.1.3',
  x509: '1.2.840.113549.1.9.22.1',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  sha256: '2.16.840.1.101.3.4.2.1',
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  hmacWithSha256: '1.2.840.113549.2.9',
  aes256: '2.16.840.1.101.3.4.1.42',
} as const;

export async function makePkcs12(content: Content): Promise<Buffer> {
  const { key, certificates, name, password } = content;
  const { default: forge } = await import('node-forge');
  const { asn1: der } = forge;
  const { Class, Type } = der;

  const sequence = (...of: asn1.Asn1[]) => der.create(Class.UNIVERSAL, Type.SEQUENCE, true, of);
  const set = (...of: asn1.Asn1[]) => der.create(Class.UNIVERSAL, Type.SET, true, of);
  const octets = (of: string) => der.create(Class.UNIVERSAL, Type.OCTETSTRING, false, of);
  const oid = (of: string) =>
    der.create(Class.UNIVERSAL, Type.OID, false, der.oidToDer(of).getBytes());
  const integer = (of: number) =>
    der.create(Class.UNIVERSAL, Type.INTEGER, false, der.integerToDer(of).getBytes());
  const inner = (of: asn1.Asn1) => der.create(Class.CONTEXT_SPECIFIC, 0, true, [of]);
  const bytesOf = (of: asn1.Asn1) => der.toDer(of).getBytes();
  const info = (kind: string, of: asn1.Asn1) => sequence(oid(kind), inner(of));

  const nothing = der.create(Class.UNIVERSAL, Type.NULL, false, '');

  const bmp = Buffer.from(name, 'utf16le').swap16().toString('binary');
  const attribute = (kind: string, value: asn1.Asn1) => sequence(oid(kind), set(value));
  const named = set(
    attribute(oids.friendlyName, der.create(Class.UNIVERSAL, Type.BMPSTRING, false, bmp)),
    // By it key and certificate find each other.
    attribute(oids.localKeyId, octets('1')),
  );

  /** Encrypts by the password: PBES2 (RFC 8018, section 6.2). */
  const encrypted = (plain: Buffer) => {
    const [salt, iv] = [randomBytes(saltBytes), randomBytes(16)];
    const derived = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
    const cipher = createCipheriv('aes-256-cbc', derived, iv);
    const bytes = Buffer.concat([cipher.update(plain), cipher.final()]).toString('binary');
    const kdf = sequence(
      oid(oids.pbkdf2),
      sequence(
        octets(salt.toString('binary')),
        integer(iterations),
        sequence(oid(oids.hmacWithSha256), nothing),
      ),
    );
    const scheme = sequence(oid(oids.aes256), octets(iv.toString('binary')));
    return { algorithm: sequence(oid(oids.pbes2), sequence(kdf, scheme)), bytes };
  };

  const shrouded = encrypted(key.export({ type: 'pkcs8', format: 'der' }));
  const keyBag = sequence(shrouded.algorithm, octets(shrouded.bytes));
  const keys = sequence(sequence(oid(oids.shroudedKey), inner(keyBag), named));

  const bags = certificates.map(({ raw }, i) =>
    sequence(
      oid(oids.certificate),
      inner(sequence(oid(oids.x509), inner(octets(raw.toString('binary'))))),
      ...(i === 0 ? [named] : []),
    ),
  );
  const sealed = encrypted(Buffer.from(bytesOf(sequence(...bags)), 'binary'));
  const implicit = der.create(Class.CONTEXT_SPECIFIC, 0, false, sealed.bytes);
  const sealedInfo = sequence(integer(0), sequence(oid(oids.data), sealed.algorithm, implicit));

  const safe = bytesOf(
    sequence(info(oids.encryptedData, sealedInfo), info(oids.data, octets(bytesOf(keys)))),
  );
  const salt = randomBytes(saltBytes);
  const mac = createHmac('sha256', macKey(password, salt)).update(safe, 'binary');
  const macData = sequence(
    sequence(sequence(oid(oids.sha256), nothing), octets(mac.digest('binary'))),
    octets(salt.toString('binary')),
    integer(iterations),
  );
  const file = sequence(integer(3), info(oids.data, octets(safe)), macData);
  return Buffer.from(bytesOf(file), 'binary');
}

/** A key of 32 octets (RFC 7292, appendix B.2, of which such a short one takes the first round alone). */
function macKey(password: string, salt: Buffer): Buffer {
  const text = Buffer.from(`${password}\0`, 'utf16le').swap16();
  const filled = (bytes: Buffer): Buffer =>
    Buffer.alloc(Math.ceil(bytes.length / blockBytes) * blockBytes, bytes);
  let key: Buffer = Buffer.concat([Buffer.alloc(blockBytes, 3), filled(salt), filled(text)]);
  for (let i = 0; i < iterations; i++) key = createHash('sha256').update(key).digest();
  return key;
}
