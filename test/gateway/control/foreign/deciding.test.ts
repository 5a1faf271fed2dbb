/** Specifies when a foreign bundle is fetched next, when it takes the place of another, and which URLs may be those of endpoints. */
import test from 'ava';
import { parseTrustDomain } from '../../../../certs/spiffe-id.ts';
import { bundleUrlFault } from '../../../../gateway/control/foreign/bundle-url.ts';
import { nextFetchMs } from '../../../../gateway/control/foreign/next-fetch.ts';
import { assertNotOutdated } from '../../../../gateway/control/foreign/superseding.ts';

for (const [hint, latest] of [
  [300, 300_000],
  [0, 10_000],
  [1, 10_000],
  [3600, 3600_000],
  [86_400, 3600_000],
  [2 ** 53, 3600_000],
  [undefined, 30_000],
] as const) {
  test(`a hint of ${hint} s has it fetched within ${latest} ms, a tenth of that sooner at most`, (t) => {
    t.is(
      nextFetchMs(hint, () => 0),
      latest,
    );
    t.true(nextFetchMs(hint, () => 0.999) >= latest * 0.9);
  });
}

const bundle = (sequence: number) => ({
  trustDomain: parseTrustDomain('partner.example'),
  ...{ sequence, refreshHintSeconds: 300, roots: [] },
});

for (const [what, known, fetched, isTaken] of [
  ['the first one', undefined, 5, true],
  ['a higher sequence', 5, 6, true],
  ['the same sequence', 5, 5, true],
  ['a lower sequence', 5, 4, false],
  ['no sequence after one', 5, 0, false],
  ['no sequence after none', 0, 0, true],
] as const) {
  test(`${what} is ${isTaken ? 'taken' : 'refused'}`, (t) => {
    const take = (): void =>
      assertNotOutdated(known === undefined ? undefined : bundle(known), bundle(fetched));
    if (isTaken) t.notThrows(take);
    else t.throws(take, { code: 'BUNDLE_OUTDATED' });
  });
}

for (const [url, fault] of [
  ['https://partner.example/bundle', undefined],
  ['https://192.0.2.1:8443', undefined],
  ['https://[2001:db8::1]/a?b=c', undefined],
  ['http://partner.example/bundle', 'use https'],
  ['file:///etc/passwd', 'use https'],
  ['https://user@partner.example/', 'it names a user: endpoints ask for none'],
  ['https://:secret@partner.example/', 'it names a user: endpoints ask for none'],
  ['https://partner.example/#a', 'leave out what follows #: it is never sent'],
  ['partner.example', 'it is no URL'],
] as const) {
  test(`${url}: ${fault ?? 'it may be an endpoint'}`, (t) => t.is(bundleUrlFault(url), fault));
}
