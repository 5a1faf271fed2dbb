/** Owns sending entries of the audit to a webhook: POSTs of JSON, taken once they are answered by 2xx. */
import { readFile } from 'node:fs/promises';
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { resolve } from 'node:path';
import { readSecret } from '../../../../core/files.ts';
import { version } from '../../../../core/version.ts';
import type { WebhookConfig } from '../../config/audit.ts';
import type { Receiver } from './forwarder.ts';

const limitMs = 10_000;

interface WebhookOptions {
  readonly config: WebhookConfig;
  /** The folder that its paths are relative to. */
  readonly baseDir: string;
  readonly cluster: string;
  readonly gateway: string;
}

/** The files are read at each sending: what takes their place is in use at once. A redirect is not followed. */
export function webhook({ config, baseDir, cluster, gateway }: WebhookOptions): Receiver {
  const { url, tokenFile, ca } = config;
  const ended = new AbortController();
  return {
    kind: 'webhook',
    at: new URL(url).origin,
    async send(entries) {
      const [token, authority] = await Promise.all([
        tokenFile === undefined ? undefined : readSecret(resolve(baseDir, tokenFile)),
        ca === undefined ? undefined : readFile(resolve(baseDir, ca)),
      ]);
      const body = JSON.stringify({ cluster, gateway, entries });
      const fields = {
        'content-type': 'application/json',
        'user-agent': `isthmus/${version}`,
        ...(token !== undefined && { authorization: `Bearer ${token.trim()}` }),
      };
      const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(limitMs)]);
      const status = await post(url, fields, body, authority, signal);
      if (status < 200 || status > 299) throw new Error(`it answered ${status}`);
    },
    close: () => ended.abort(new Error('the gateway ends')),
  };
}

function post(
  url: string,
  headers: Record<string, string>,
  body: string,
  ca: Buffer | undefined,
  signal: AbortSignal,
): Promise<number> {
  return new Promise((answered, reject) => {
    const send = url.startsWith('https:') ? secureRequest : plainRequest;
    const sent = send(url, { method: 'POST', headers, signal, ...(ca && { ca }) }, (answer) => {
      answer.resume();
      answer.once('error', reject);
      answer.once('end', () => answered(answer.statusCode ?? 0));
    });
    sent.once('error', reject);
    sent.end(body);
  });
}
