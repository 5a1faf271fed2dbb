/** Owns the metadata service of an instance in tests: IMDSv2, by a session alone. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Scope } from '../support/gateway-process.ts';

/** Answers what `facts` has, by path, and 404 to the rest, as AWS does; resolves to its address. */
export async function metadataService(
  t: Pick<Scope, 'teardown'>,
  facts: ReadonlyMap<string, string>,
): Promise<string> {
  const server = createServer((request, response) => {
    const path = request.url?.replace('/latest/meta-data/', '') ?? '';
    const isAsking = request.headers['x-aws-ec2-metadata-token'] === 'session';
    const answer = request.method === 'PUT' ? 'session' : isAsking ? facts.get(path) : undefined;
    response.writeHead(answer === undefined ? 404 : 200).end(answer);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
