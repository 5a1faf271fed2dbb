/** Owns `node token.ts NAME GROUP`: a token of the issuer in jwt.yaml, good for an hour. */
import { createPrivateKey, sign } from 'node:crypto';

const [sub = 'ada', group = 'buyers'] = process.argv.slice(2);

/** From appendix A.1 of RFC 8037: everybody has it, so it opens nothing but examples. */
const key = createPrivateKey({
  format: 'jwk',
  key: {
    kty: 'OKP',
    crv: 'Ed25519',
    d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
    x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  },
});

const exp = Math.floor(Date.now() / 1000) + 3600;
const head = { alg: 'EdDSA', kid: 'example' };
const claims = { iss: 'https://id.example.com', aud: 'shop', sub, groups: [group], exp };
const signed = [head, claims]
  .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  .join('.');
console.log(`${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`);
