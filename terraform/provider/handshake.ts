/** Owns how Terraform and a plugin meet (hashicorp/go-plugin): what is in the environment, and the one line on standard output. */
import { IsthmusError } from '../../core/errors.ts';

/** Says that it is Terraform which runs this. It is no secret, and in every provider. */
const magic = {
  name: 'TF_PLUGIN_MAGIC_COOKIE',
  value: 'd602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2',
};
const corePlugin = 1;
const protocol = 6;

export interface Invitation {
  /** PEM: the certificate that Terraform will show, and the only one to accept. */
  readonly clientCertificate: string;
}

/** Reads what Terraform put into the environment. Throws USAGE where it was not Terraform, or an old one. */
export function invitationIn(env: NodeJS.ProcessEnv): Invitation {
  if (env[magic.name] !== magic.value) {
    throw new IsthmusError('USAGE', {
      what: 'This is a provider for Terraform, and Terraform starts it by itself',
      fix: 'Run `isthmus terraform install`, name the provider in a configuration as that says, and run `terraform init`.',
    });
  }
  const versions = env['PLUGIN_PROTOCOL_VERSIONS'] ?? '';
  if (!versions.split(',').includes(String(protocol))) {
    throw new IsthmusError('USAGE', {
      what: `This provider speaks version ${protocol} of the plugin protocol; Terraform offers ${versions || 'none'}`,
      fix: 'Use Terraform 1.8 or later.',
    });
  }
  const clientCertificate = env['PLUGIN_CLIENT_CERT'];
  if (clientCertificate) return { clientCertificate };
  throw new IsthmusError('USAGE', {
    what: 'Terraform shows no certificate, and this provider serves nobody without',
    fix: 'Use Terraform 1.8 or later.',
  });
}

/** The line that says where the plugin listens, and with which certificate (DER). */
export function acceptance(socket: string, certificate: Uint8Array): string {
  const text = Buffer.from(certificate).toString('base64').replace(/=+$/, '');
  return [corePlugin, protocol, 'unix', socket, 'grpc', text].join('|');
}
