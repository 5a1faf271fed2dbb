/** Owns one instance of a demo service: a small HTTP server that says who it is. Arguments: service, id, port. */
import { createServer } from 'node:http';

const [service = 'service', id = 'instance', port = '0'] = process.argv.slice(2);

const server = createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(`${JSON.stringify({ service, id, path: request.url })}\n`);
});
server.keepAliveTimeout = 60_000;
server.listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
process.on('disconnect', () => process.exit(0));
