/** Specifies that the roots of all clusters change under load, and no request is lost by it. */
import { readFile, writeFile } from 'node:fs/promises';
import test from 'ava';
import { parse, stringify } from 'yaml';
import { SteadyClient } from '../../examples/demo/client.ts';
import type {
  Retirement,
  RevocationItem,
  RotationItem,
  TrustItem,
} from '../../gateway/control/api/answers.ts';
import { Enterprise, type Kind, type Pair, password } from '../certs/enterprise-files.ts';
import { type Cluster, federate } from '../support/federation.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { run } from '../support/programs.ts';
import { proves } from '../support/proves.ts';
import { secondGateway } from '../support/second-gateway.ts';
import { sharedScope } from '../support/shared.ts';
import { until } from '../support/until.ts';

const scope = sharedScope(test);
let dc1: Cluster;
let dc2: Cluster;
let dc3: Cluster;
let second: GatewayProcess;

let enterprise: Enterprise;

/** An authority of the enterprise's under its root, for one cluster. */
async function issuing(name: string, kind: Kind): Promise<Pair> {
  const issuer = { certificate: enterprise.path('root.crt'), key: enterprise.path('root.key') };
  return enterprise.make({ name, kind, issuer });
}

test.before(
  'dc1 asks; dc2, which has two gateways, and dc3 answer; two are under an enterprise',
  async () => {
    enterprise = await Enterprise.at(scope);
    await enterprise.make({ name: 'root', kind: 'P-384' });
    const passwordFile = await enterprise.write('password', `${password}\n`);
    const [rsa, ec] = [await issuing('for-dc1', 'RSA'), await issuing('for-dc2', 'P-256')];
    const key = enterprise.path('for-dc1.pem');
    const secret = ['-passout', `pass:${password}`];
    await enterprise.openssl('rsa', '-aes128', '-in', rsa.key, '-out', key, ...secret);
    const p12 = enterprise.path('for-dc2.p12');
    const files = ['-inkey', ec.key, '-in', ec.certificate, '-out', p12];
    await enterprise.openssl('pkcs12', '-export', ...files, ...secret);
    ({ dc1, dc2, dc3 } = await federate(scope, {
      dc1: { instances: 0, config: { ca: { certificate: rsa.certificate, key, passwordFile } } },
      dc2: { config: { ca: { certificate: p12, passwordFile } } },
      dc3: {},
    }));
    second = await secondGateway(scope, dc2, { advertise: {} });
    await until('dc1 to see both', async () => (await dc1.others())['dc2']?.gateways === 2);
  },
);

const deny = {
  action: 'DENY',
  rules: [{ to: [{ operation: { methods: ['TRACE'] } }] }],
};

function rotationAt({ api }: GatewayProcess): Promise<RotationItem> {
  return api.get<RotationItem>('/v1/trust/rotation');
}

/** Changes the configuration of a gateway that runs, and waits for it to be taken up. */
async function reconfigure(gateway: GatewayProcess, change: object): Promise<void> {
  const config = { ...parse(await readFile(gateway.configPath, 'utf8')), ...change };
  const reloads = () => gateway.logLines({ msg: 'configuration taken up' }).length;
  const before = reloads();
  await writeFile(gateway.configPath, stringify(config));
  process.kill((await gateway.status()).pid, 'SIGHUP');
  await until('the configuration to be taken up', () => reloads() > before);
}

/** Replaces the root of a gateway's cluster, and ends the one from before as soon as nothing rests on it. */
async function changeRoot(
  gateway: GatewayProcess,
): Promise<readonly [before: string, now: string]> {
  const { signing: before } = await rotationAt(gateway);
  const { other: next } = await gateway.api.send<RotationItem>('POST', '/v1/trust/rotation', {});
  await until(`${gateway.name} to sign by its next root`, async () => {
    const { signing, laggards, problem } = await rotationAt(gateway);
    if (signing === next) return true;
    throw new Error(`it waits for ${laggards.join(', ')}: ${problem}`);
  });
  await until(`nothing to rest on the root from before of ${gateway.name}`, async () => {
    const dryRun = { dryRun: true };
    const { reasons } = await gateway.api.send<Retirement>('POST', '/v1/trust/retirement', dryRun);
    if (reasons.length === 0) return true;
    throw new Error(reasons.join('; '));
  });
  await gateway.api.send('POST', '/v1/trust/retirement', {});
  return [before, next ?? ''];
}

test.serial(
  'the roots of three clusters change under 300 requests a second, and none is lost',
  async (t) => {
    await dc1.gateway.api.send('PUT', '/v1/grants/policy/dc2', {});
    await dc1.gateway.api.send('PUT', '/v1/authorizations/shop/own', deny);
    await until('dc2 to be granted it', async () => {
      await dc2.gateway.api.send('PUT', '/v1/federation/authorizations/shop/all', deny);
      return true;
    });
    const errors: string[] = [];
    let served = 0;
    const client = new SteadyClient({
      port: Number(dc1.gateway.listener('outbound').split(':')[1]),
      host: 'orders.shop.acme',
      perSecond: 300,
      onSample: ({ error }) => {
        served++;
        if (error !== undefined) errors.push(error);
      },
    });
    client.start();
    const changed = [];
    for (const { gateway } of [dc1, dc2, dc3]) changed.push(await changeRoot(gateway));
    const enough = served + 300;
    await until('a second more of requests', () => served >= enough);
    await client.stop();
    t.deepEqual(errors, []);

    for (const gateway of [dc1.gateway, dc2.gateway, second, dc3.gateway]) {
      const standing = await until(`${gateway.name} to believe the new roots alone`, async () => {
        const items = await gateway.items<TrustItem>('/v1/trust');
        const isOver = items.every(
          ({ roots, laggards }) => roots.length === 1 && laggards.length === 0,
        );
        return isOver ? items : undefined;
      });
      t.deepEqual(
        standing.map(({ fingerprints: [root] }) => root),
        changed.map(([, now]) => now),
      );
      t.true(standing.every(({ phase, roots }) => phase === 'stable' && roots[0]?.signs));
      // No policy, grant or record is refused for the root that had signed it.
      t.deepEqual(await gateway.problems(), []);
      t.is((await gateway.items('/v1/federation/authorizations')).length, 1);
    }
    t.is((await dc1.gateway.items('/v1/authorizations')).length, 1);
  },
);

test.serial(
  "roots are made under the enterprise's authority, and who knows the enterprise's root alone verifies a gateway by it",
  async (t) => {
    const items = await dc3.gateway.items<TrustItem>('/v1/trust');
    t.deepEqual(
      items.map(({ roots: [root] }) => root?.under),
      ['O=Corp, CN=for-dc1', 'O=Corp, CN=for-dc2', undefined],
    );
    const client = ['s_client', '-verify_return_error', '-CAfile', enterprise.path('root.crt')];
    const verdicts = [];
    for (const { gateway } of [dc1, dc2, dc3]) {
      const at = ['-connect', gateway.listener('federation'), '-servername', 'dc1.acme'];
      const { stdout } = await run('openssl', [...client, ...at], { input: '' });
      verdicts.push(stdout.includes('Verify return code: 0 (ok)'));
    }
    t.deepEqual(verdicts, [true, true, false], 'dc3 signs its root itself');
    proves(t, 'ca.certificate', 'ca.key', 'ca.passwordFile');
  },
);

test.serial(
  'a gateway that is to change its root under an authority that is no good refuses, and nothing has changed; without one it signs itself',
  async (t) => {
    const { gateway } = dc2;
    const { certificate } = await enterprise.make({ name: 'other', kind: 'P-256' });
    const before = await rotationAt(gateway);
    await reconfigure(gateway, { ca: { certificate, key: enterprise.path('for-dc2.key') } });
    const { stderr, code } = await gateway.isthmus(['trust', 'rotate', '--yes']);
    t.regex(stderr, /^error PARENT_KEY_MISMATCH: No certificate of the file is that of /m);
    t.is(code, 65);
    t.deepEqual(await rotationAt(gateway), before);
    await reconfigure(gateway, { ca: undefined });
    await changeRoot(gateway);
    const items = await until('all to believe the new root alone', async () => {
      const all = await dc3.gateway.items<TrustItem>('/v1/trust');
      const isOver = all.every((one) => one.roots.length === 1 && one.laggards.length === 0);
      return isOver ? all : undefined;
    });
    t.deepEqual(
      items.map(({ roots: [root] }) => root?.under),
      ['O=Corp, CN=for-dc1', undefined, undefined],
    );
  },
);

test.serial(
  'isthmus trust tells the roots of all clusters, and that all verify each other',
  async (t) => {
    const shown = await dc1.gateway.isthmusOk(['trust', 'show', 'dc2']);
    const { signing } = await rotationAt(dc2.gateway);
    t.regex(shown, new RegExp(`\\n  ${signing} +yes `));
    t.regex(shown, /\n {2}dc2\/gateway-2 +taken +\d+/);
    const verified = await dc1.gateway.isthmusOk(['trust', 'verify', '--no-headers']);
    const outcomes = verified
      .trim()
      .split('\n')
      .map((line) => line.split(/ +/));
    t.deepEqual(outcomes.map(([from, to, , outcome]) => [from, to, outcome]).sort(), [
      ['dc1/gateway-1', 'dc2', 'verified'],
      ['dc1/gateway-1', 'dc2', 'verified'],
      ['dc1/gateway-1', 'dc3', 'verified'],
      ['dc2/gateway-1', 'dc1', 'verified'],
      ['dc2/gateway-2', 'dc1', 'verified'],
      ['dc3/gateway-1', 'dc1', 'verified'],
    ]);
  },
);

test.serial(
  'a change waits for gateways that lag, names them, outlives a crash meanwhile, and is refused a wrong end',
  async (t) => {
    const late = ['dc2/gateway-1', 'dc2/gateway-2', 'dc3/gateway-1'];
    const { signing: before } = await rotationAt(dc1.gateway);
    // dc1 hosts the registry: the others are cut off from it, and their links stand.
    dc1.lines.registry.hold();
    try {
      const said = await dc1.gateway.isthmusOk(['trust', 'rotate', '--yes']);
      t.regex(said, / of dc1 is published, and waits for .*dc3\/gateway-1$/);
      await dc1.gateway.kill();
      await dc1.start();
      const waiting = await until('status to name them', async () => {
        const problems = await dc1.gateway.problems();
        return problems.find(({ code }) => code === 'ROTATION_WAITING');
      });
      t.true(
        late.every((name) => waiting.what.includes(name)),
        waiting.what,
      );
      const { phase, signing, laggards } = await rotationAt(dc1.gateway);
      t.deepEqual([phase, signing, laggards], ['published', before, late]);
      const { stdout } = await dc1.gateway.isthmus(['check']);
      t.regex(stdout, /ROTATION_WAITING: The next root of dc1 is published since /);
    } finally {
      dc1.lines.registry.restore();
    }
    await until('the next root to sign', async () => {
      const { phase, laggards, problem } = await rotationAt(dc1.gateway);
      if (phase === 'signing') return true;
      throw new Error(`it waits for ${laggards.join(', ')}: ${problem}`);
    });
    const wrong = ['trust', 'retire', '--yes', '--root', 'another'];
    const { stderr } = await dc1.gateway.isthmus(wrong);
    t.regex(stderr, /^error ROTATION_REFUSED: No root that could be retired .* another/m);
  },
);

test.serial(
  'a cluster that was offline through a change of a root finds its way back by itself',
  async (t) => {
    await dc3.gateway.stop();
    await until('dc3 to be away', async () => (await dc2.others())['dc3']?.gateways === 0);
    const changed = await changeRoot(dc2.gateway);
    await dc3.start();
    await until('dc3 to believe the newest root of dc2', async () => {
      const items = await dc3.gateway.items<TrustItem>('/v1/trust');
      return items.find(({ cluster }) => cluster === 'dc2')?.fingerprints.join() === changed[1];
    });
    await until('dc3 to be linked', async () => (await dc3.others())['dc2']?.state === 'up');
    t.deepEqual(await dc3.gateway.problems(), []);
  },
);

test.serial(
  'a cluster that is revoked is refused everywhere within seconds, and it is said by whom',
  async (t) => {
    const done = await dc1.gateway.isthmusOk(['trust', 'revoke', 'dc3', '--yes', '-o', 'json']);
    t.deepEqual(
      (JSON.parse(done) as RevocationItem).gateways.map((one) => [
        one.cluster,
        one.gateway,
        one.state,
      ]),
      [
        ['dc1', 'gateway-1', 'revoked'],
        ['dc2', 'gateway-1', 'revoked'],
        ['dc2', 'gateway-2', 'revoked'],
      ],
    );
    await until('the links of dc3 to be cut', async () => {
      const states = Object.values(await dc3.others()).map(({ state }) => state);
      return states.every((state) => state !== 'up' && state !== 'suspect');
    });
    const { stdout } = await dc3.gateway.isthmus(['trust', 'verify', '--no-headers']);
    t.false(/ verified/.test(stdout), stdout);
  },
);
