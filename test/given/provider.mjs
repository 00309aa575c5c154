// A real identity provider for tests. It prints its URL, makes a new key for each line it reads, and
// ends when nobody holds its standard input open any more.
import { createInterface } from 'node:readline';
import { OAuth2Server } from 'oauth2-mock-server';

const server = new OAuth2Server();
await server.issuer.keys.generate('RS256');
await server.start(0, '127.0.0.1');
server.issuer.url = `http://127.0.0.1:${server.address().port}`;
server.service.on('beforeTokenSigning', (token, request) => { token.payload.aud = request.body.aud; });
console.log(server.issuer.url);

const lines = createInterface({ input: process.stdin });
lines.on('line', async () => {
  await server.issuer.keys.generate('ES256');
  console.log('ready');
});
lines.on('close', () => process.exit(0));
