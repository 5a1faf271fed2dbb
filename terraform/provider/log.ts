/** Owns the lines of Terraform's log that come from here: JSON on standard error, as hashicorp/go-hclog writes it. */

export function log(level: 'debug' | 'info' | 'warn' | 'error', message: string): void {
  const line = {
    '@level': level,
    '@message': message,
    '@module': 'isthmus',
    '@timestamp': new Date().toISOString(),
  };
  process.stderr.write(`${JSON.stringify(line)}\n`);
}
