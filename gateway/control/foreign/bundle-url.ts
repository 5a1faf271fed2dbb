/** Owns which URLs may be those of bundle endpoints (SPIFFE Federation, sections 5.2.1.1 and 5.2.2.1). */

/** Why it is none; undefined for one that is. */
export function bundleUrlFault(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null) return 'it is no URL';
  if (url.protocol !== 'https:') return 'use https';
  if (url.username !== '' || url.password !== '') return 'it names a user: endpoints ask for none';
  if (url.hash !== '') return 'leave out what follows #: it is never sent';
  return undefined;
}
