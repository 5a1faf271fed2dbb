/** Owns believing what another gateway says of its client's certificate: `x-forwarded-client-cert` as an ingress writes it, once. */

const value = '(?:"(?:[ !#-[\\]-~]|\\\\[ -~])*"|[\\w.:/@*~-]+)';
const pair = `(?:Hash|Subject|URI|DNS)=${value}`;
const oneClient = new RegExp(`^${pair}(?:;${pair})*$`);

/**
 * The one client that those values of the field tell of; undefined for anything else. No `By`, which is this gateway's to
 * say, no second client, and no quote left open, which would swallow what is written after it.
 */
export function shownCertificate(values: readonly string[]): string | undefined {
  const [first] = values;
  return values.length === 1 && first !== undefined && oneClient.test(first) ? first : undefined;
}
