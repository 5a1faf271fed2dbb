/** Owns a bundle endpoint that somebody else runs, real but for what it answers, and who fetches from it. */
import { writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { encodeBundle } from '../../../../certs/bundle.ts';
import { parseTrustDomain } from '../../../../certs/spiffe-id.ts';
import { silentLog } from '../../../../core/log.ts';
import { parseConfig } from '../../../../gateway/control/config/config.ts';
import type { ForeignConfig } from '../../../../gateway/control/config/trust.ts';
import { ForeignBundles } from '../../../../gateway/control/foreign/foreign-bundles.ts';
import { type Forged, forge, tlsCredentials } from '../../../certs/forge.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { PemFolder } from '../../../support/pem-files.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { until } from '../../../support/until.ts';

export const partner = parseTrustDomain('partner.example');
export const endpointId = 'spiffe://partner.example/bundles';

/** The JSON of a bundle with these roots. */
export function bundleJson(sequence: number, ...roots: readonly Forged[]) {
  const certificates = roots.map(({ certificate }) => certificate);
  return encodeBundle({
    ...{ trustDomain: partner, sequence, refreshHintSeconds: 60, roots: certificates },
  }) as { keys: unknown };
}

export function rootOf(name: string): Forged {
  return forge({ name, ca: true });
}

/** The certificate of an endpoint that is in `partner.example`. */
export function svid(root: Forged, uri = endpointId): Forged {
  return forge({ name: 'endpoint', issuer: root, uris: [uri] });
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers with `json`, or as `answer` says, for as long as the test runs. */
export async function startEndpoint(t: ExecutionContext, proof: Forged, json: unknown) {
  const given = { json, asked: 0, answer: undefined as Answer | undefined };
  const server = createServer(tlsCredentials(proof), (request, response) => {
    given.asked++;
    if (given.answer) given.answer(request, response);
    else response.end(JSON.stringify(given.json));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    given,
    port,
    url: `https://localhost:${port}/bundle`,
    prove: (by: Forged) => server.setSecureContext(tlsCredentials(by)),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Whoever fetches: a gateway's part, with a data folder of its own. */
export async function startFetching(t: ExecutionContext) {
  const dir = await tempDir(t);
  const folder = new PemFolder(dir);
  const ca = await folder.ca();
  const clock = new ManualClock();
  const start = async (...foreign: readonly object[]) => {
    const config = configOf(dir, foreign);
    const told = { changes: 0 };
    const bundles = new ForeignBundles({
      ...{ config, clock, random: () => 0, log: silentLog },
      changed: () => void told.changes++,
    });
    t.teardown(() => bundles.close());
    await bundles.start();
    return {
      bundles,
      told,
      follow: (...others: readonly object[]) => bundles.follow(configOf(dir, others).trust.foreign),
      /** Common names of the roots that are believed. */
      roots: (trustDomain = partner) =>
        bundles.current
          .find((one) => one.trustDomain === trustDomain)
          ?.roots.map(({ subject }) => subject.replace('CN=', '')),
      codes: () => bundles.problems.map(({ code }) => code),
      /** Has the next look come, and waits until it is over. */
      next: async (ms = 60_000) => {
        clock.advance(ms);
        await bundles.look();
      },
      had: () => until('it was looked', () => bundles.standings.every(({ nextAt }) => nextAt)),
    };
  };
  const put = async (name: string, json: unknown): Promise<string> => {
    await writeFile(join(dir, name), JSON.stringify(json));
    return name;
  };
  return { dir, folder, ca, clock, start, put };
}

function configOf(dir: string, foreign: readonly object[]) {
  const config = {
    cluster: 'dc1',
    federation: 'acme',
    region: 'here',
    data: '.',
    trust: { foreign },
  };
  return parseConfig(JSON.stringify(config), join(dir, 'gateway.yaml'));
}

/** What is said of an endpoint of the Web PKI. */
export function web(url: string, ca: string): Partial<ForeignConfig> {
  return { trustDomain: partner, url, profile: 'https_web', ca };
}

export function spiffe(url: string, bundle = 'partner.json'): Partial<ForeignConfig> {
  return {
    trustDomain: partner,
    url,
    profile: 'https_spiffe',
    endpointSpiffeId: endpointId,
    bundle,
  };
}
