/** Owns what the bundle endpoint answers, whatever it is asked: the bundle of this cluster, or of a member by its trust domain (SPIFFE Federation, section 5.2). */
import { type Bundle, encodeBundle } from '../../../certs/bundle.ts';

interface BundleAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface GivenBundles {
  readonly own: Bundle;
  /** Of a member of this federation; undefined for anybody else, foreign trust domains among them. */
  member(trustDomain: string): Bundle | undefined;
}

export class BundleAnswers {
  readonly #refreshHintSeconds: number;
  /** Keys are written as JSON once for each bundle. */
  readonly #texts = new WeakMap<Bundle, string>();

  constructor(refreshHintSeconds: number) {
    this.#refreshHintSeconds = refreshHintSeconds;
  }

  /** `/` is the own bundle, `/<trust domain>` that of a member, the own one too. A query changes nothing. */
  to(method: string | undefined, target: string | undefined, bundles: GivenBundles): BundleAnswer {
    if (method !== 'GET' && method !== 'HEAD') {
      return said(405, 'Use GET or HEAD.', { allow: 'GET, HEAD' });
    }
    const [path = ''] = (target ?? '').split('?', 1);
    const bundle = path === '/' ? bundles.own : bundles.member(path.slice(1));
    if (bundle === undefined) return said(404, 'There is no bundle at this path.');
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-cache' };
    return { status: 200, headers, body: this.#textOf(bundle) };
  }

  #textOf(bundle: Bundle): string {
    return this.#texts.getOrInsertComputed(bundle, () => {
      const refreshHintSeconds = this.#refreshHintSeconds;
      return `${JSON.stringify(encodeBundle({ ...bundle, refreshHintSeconds }))}\n`;
    });
  }
}

function said(status: number, what: string, more: BundleAnswer['headers'] = {}): BundleAnswer {
  return { status, headers: { 'content-type': 'text/plain', ...more }, body: `${what}\n` };
}
