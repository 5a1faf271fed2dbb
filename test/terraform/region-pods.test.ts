/**
 * Specifies what the module of a region makes of pods, with its manifests taken as they are: files, variables, commands and probes. No
 * Kubernetes runs here; what kubelet would do is done by the test.
 */
import { request } from 'node:https';
import ava from 'ava';
import { parse } from 'yaml';
import { keyPemOf, pemOf } from '../../certs/x509.ts';
import { freePorts } from '../../examples/demo/processes.ts';
import { startEtcd } from '../support/etcd.ts';
import type { Scope } from '../support/gateway-process.ts';
import { PemFolder } from '../support/pem-files.ts';
import { RegionHost } from '../support/region-host.ts';
import { type RegionOutputs, rendered } from '../support/rendered-module.ts';
import { tempDir } from '../support/temp-dir.ts';
import { copyOfTerraform, terraformTest } from '../support/terraform.ts';
import { until } from '../support/until.ts';

const test = terraformTest(ava);
const folder = 'modules/region';
const domain = 'dc1.gateways.test';
const service = 'isthmus-pods.isthmus.svc';
const podNames = ['isthmus-0', 'isthmus-1'];
const addressOf = (pod: string) => `127.0.0.1${podNames.indexOf(pod) + 1}`;
const names = {
  localhost: '127.0.0.1',
  ...Object.fromEntries(podNames.map((pod) => [`${pod}.${service}`, addressOf(pod)])),
  ...Object.fromEntries(podNames.map((pod) => [`${pod}.${domain}`, addressOf(pod)])),
};

interface Container {
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly lifecycle: { readonly postStart: { readonly exec: { readonly command: string[] } } };
}

/** What kubelet does with a pod of the StatefulSet: its files, its variables, its command, and what is run once that has started. */
class Pod {
  readonly #host: RegionHost;
  readonly #container: Container;
  readonly #env: Record<string, string> = {};

  private constructor(name: string, host: RegionHost, container: Container) {
    this.#host = host;
    this.#container = container;
    for (const { name: variable, value = '' } of container.env) {
      // Everything else that comes from the pod's own record is empty: this cluster knows no zones.
      const text = variable === 'ISTHMUS_GATEWAY' ? name : value;
      this.#env[variable] = text.replaceAll('$(ISTHMUS_GATEWAY)', name);
    }
    delete this.#env['NODE_COMPILE_CACHE'];
  }

  static async make(t: Scope, name: string, manifests: RegionOutputs['kubernetes_manifests']) {
    const address = addressOf(name);
    const host = await RegionHost.make(t, { ...names, localhost: address });
    const { data } = parse(manifests['configmap'] ?? '');
    for (const [file, content] of Object.entries<string>(data)) {
      // A pod has an address of its own; here it listens on one of loopback's.
      await host.write(`/etc/isthmus/${file}`, content.replaceAll('0.0.0.0', address));
    }
    const { containers } = parse(manifests['statefulset'] ?? '').spec.template.spec;
    return new Pod(name, host, containers[0]);
  }

  write(path: string, content: string) {
    return this.#host.write(path, content);
  }

  async start(): Promise<void> {
    const args = this.#container.args.map((arg) => this.#host.here(arg));
    await this.#host.start(['isthmus', ...args], this.#env);
    await this.runHook();
  }

  async runHook(): Promise<void> {
    const { command } = this.#container.lifecycle.postStart.exec;
    await this.#host.ok(
      command.map((arg) => this.#host.here(arg)),
      this.#env,
    );
  }

  isthmus(...args: readonly string[]): Promise<string> {
    const etc = `${this.#host.root}/etc/isthmus`;
    const trust = ['--ca', `${etc}/tls/ca.crt`];
    const token = ['--admin-token-file', `${etc}/secrets/local-admin`];
    return this.#host.ok(['isthmus', ...trust, ...token, ...args], this.#env);
  }
}

/** As kubelet asks: by address, under another name, without a look at the certificate. */
function probe(host: string, port: number): Promise<number | undefined> {
  const headers = { host: 'localhost' };
  const options = { host, port, path: '/readyz', headers, agent: false, rejectUnauthorized: false };
  return new Promise((resolve, reject) => {
    request(options, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end();
  });
}

test('the first pod founds the federation, and each other is admitted by it', async (t) => {
  const terraform = await copyOfTerraform(t);
  await terraform.init(folder);
  const etcd = await startEtcd(t);
  const [outbound, eastWest, federation, admin = 0] = await freePorts(4);
  const listeners = Object.entries({ outbound, eastWest, federation, admin });
  const { kubernetes_manifests } = await rendered<RegionOutputs>(terraform, folder, {
    federation: 'acme',
    cluster: 'dc1',
    region: 'us-east',
    workers: 1,
    warm_up: '0s',
    listeners: Object.fromEntries(listeners.map(([name, port]) => [name, `0.0.0.0:${port}`])),
    registry: { etcd: { endpoints: [etcd.endpoint], found: true } },
    kubernetes: {
      image: 'isthmus:0.2.0',
      advertise_domain: domain,
      admin_tls_secret: 'tls',
      secret: 'secrets',
    },
  });

  const pem = new PemFolder(await tempDir(t));
  const { certificate, key } = pem.issue(['localhost', `*.${service}`]);
  const pods: Pod[] = [];
  for (const name of podNames) {
    const pod = await Pod.make(t, name, kubernetes_manifests);
    await pod.write('/etc/isthmus/tls/admin.pem', pemOf(certificate.raw));
    await pod.write('/etc/isthmus/tls/admin.key', keyPemOf(key));
    await pod.write('/etc/isthmus/tls/ca.crt', pemOf(pem.authority.certificate.raw));
    await pod.write('/etc/isthmus/secrets/local-admin', 'x'.repeat(32));
    await pod.start();
    const isReady = async () => (await probe(addressOf(name), admin)) === 200;
    await until(`${name} to be ready`, isReady);
    pods.push(pod);
  }

  await until('both to be gateways of one cluster', async () => {
    const all = await pods[0]?.isthmus('get', 'gateways', '-o', 'name');
    return podNames.every((name) => all?.split('\n').includes(`dc1/${name}`));
  });
  // Run again, as it is when a pod restarts, the script changes nothing.
  await pods[1]?.runHook();
  t.pass();
});
