// `plugin-vault/mcp` with the real SDK, against an MCP server on loopback that rotates refresh tokens.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { auth } from '@modelcontextprotocol/sdk/client/auth.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { McpProvider } from 'plugin-vault/mcp';

import { source } from './installed.mjs';
import { vaultTest } from './world.mjs';

const run = promisify(execFile);

/** Accepts each refresh token once. An access token is good for a number of requests. */
class Service {
  refreshes = 0;
  spent = 0;
  registrations = 0;
  #refreshTokens = new Map();
  #accessTokens = new Map();
  #codes = new Map();

  constructor(uses) {
    this.uses = uses;
  }

  async start() {
    this.http = createServer((request, response) => this.#serve(request, response).catch((error) => response.destroy(error)));
    this.http.listen(0, '127.0.0.1');
    await once(this.http, 'listening');
    this.origin = `http://127.0.0.1:${this.http.address().port}`;
    this.url = `${this.origin}/mcp`;
  }

  stop() {
    this.http.closeAllConnections();
    this.http.close();
  }

  /** The user agrees: the code for an authorization URL. */
  agree(url) {
    const code = randomBytes(8).toString('hex');
    const { client_id, code_challenge } = Object.fromEntries(url.searchParams);
    this.#codes.set(code, { client: client_id, challenge: code_challenge });
    return code;
  }

  /** Ends all sign-ins. */
  revoke() {
    this.#refreshTokens.clear();
    this.#accessTokens.clear();
  }

  #issue(client) {
    const tokens = { access_token: randomBytes(8).toString('hex'), refresh_token: randomBytes(8).toString('hex'), token_type: 'Bearer' };
    this.#accessTokens.set(tokens.access_token, this.uses);
    this.#refreshTokens.set(tokens.refresh_token, client);
    return tokens;
  }

  async #serve(request, response) {
    const json = (status, body, headers = {}) =>
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    let body = '';
    for await (const piece of request) body += piece;
    const { origin } = this;
    switch (request.url) {
      case '/.well-known/oauth-protected-resource/mcp':
        return json(200, { resource: this.url, authorization_servers: [origin] });
      case '/.well-known/oauth-authorization-server':
        return json(200, {
          issuer: origin,
          authorization_endpoint: `${origin}/authorize`,
          token_endpoint: `${origin}/token`,
          registration_endpoint: `${origin}/register`,
          response_types_supported: ['code'],
          code_challenge_methods_supported: ['S256'],
          token_endpoint_auth_methods_supported: ['none'],
        });
      case '/register':
        this.registrations += 1;
        return json(201, { ...JSON.parse(body), client_id: `client-${this.registrations}`, token_endpoint_auth_method: 'none' });
      case '/token': {
        const form = new URLSearchParams(body);
        return this.#token(Object.fromEntries(form), json);
      }
      case '/mcp': {
        const token = request.headers.authorization?.replace('Bearer ', '');
        const left = this.#accessTokens.get(token) ?? 0;
        if (left === 0) return json(401, {}, { 'www-authenticate': 'Bearer error="invalid_token"' });
        this.#accessTokens.set(token, left - 1);
        return this.#mcp(request, response, body);
      }
      default:
        return json(404, {});
    }
  }

  #token(form, json) {
    if (form.grant_type === 'refresh_token') {
      const client = this.#refreshTokens.get(form.refresh_token);
      this.#refreshTokens.delete(form.refresh_token);
      if (client === undefined || client !== form.client_id) {
        this.spent += 1;
        return json(400, { error: 'invalid_grant' });
      }
      this.refreshes += 1;
      return json(200, this.#issue(client));
    }
    const { client, challenge } = this.#codes.get(form.code) ?? {};
    this.#codes.delete(form.code);
    const verified = challenge === createHash('sha256').update(form.code_verifier).digest('base64url');
    if (client !== form.client_id || !verified) return json(400, { error: 'invalid_grant' });
    return json(200, this.#issue(client));
  }

  async #mcp(request, response, body) {
    const server = new McpServer({ name: 'test', version: '1.0.0' });
    server.registerTool('ping', {}, () => ({ content: [{ type: 'text', text: 'pong' }] }));
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
    await server.connect(transport);
    await transport.handleRequest(request, response, body === '' ? undefined : JSON.parse(body));
  }
}

function providerOf(vault, service, urls) {
  return new McpProvider(vault, {
    name: service.url,
    redirectUrl: 'http://127.0.0.1/callback',
    clientMetadata: { client_name: 'test', redirect_uris: ['http://127.0.0.1/callback'] },
    redirectToAuthorization: (url) => void urls.push(url),
    reads: 5,
  });
}

const authorize = (provider, service, more = {}) => auth(provider, { serverUrl: service.url, fetchFn: provider.fetch, ...more });

async function signIn(vault, service) {
  const urls = [];
  const provider = providerOf(vault, service, urls);
  assert.equal(await authorize(provider, service), 'REDIRECT');
  assert.equal(await authorize(provider, service, { authorizationCode: service.agree(urls[0]) }), 'AUTHORIZED');
  return provider;
}

function serviceTest(name, uses, steps) {
  vaultTest(name, async (world) => {
    const service = new Service(uses);
    await service.start();
    try {
      await steps(world, service);
    } finally {
      service.stop();
    }
  });
}

serviceTest('eight processes refresh a sign-in in turn, and none presents a spent token', 20, async (world, service) => {
  await signIn(await world.open(), service);
  const { dataDir, keyDir } = world.options;
  const vault = { dataDir, keyDir, plugin: world.plugin, installation: 'test' };
  const env = { ...process.env, CLIENT: JSON.stringify({ server: service.url, calls: 5, vault }) };
  const program = join(import.meta.dirname, 'mcp-client.mjs');
  const outputs = await Promise.all(Array.from({ length: 8 }, () => run(process.execPath, [program], { env })));
  for (const { stdout } of outputs) assert.deepEqual(JSON.parse(stdout), { results: Array(5).fill('pong'), redirects: 0 });
  assert.ok(service.refreshes > 3, `${service.refreshes} refreshes`);
  assert.equal(service.spent, 0);
  assert.equal(service.registrations, 1);
});

serviceTest('two windows that sign in at the same time do not disturb each other', 1, async (world, service) => {
  const urls = [[], []];
  const providers = await Promise.all(urls.map(async (each) => providerOf(await world.open(), service, each)));
  for (const provider of providers) assert.equal(await authorize(provider, service), 'REDIRECT');
  for (const [at, provider] of providers.entries()) {
    assert.equal(await authorize(provider, service, { authorizationCode: service.agree(urls[at][0]) }), 'AUTHORIZED');
  }
  const vault = await world.open();
  const names = (await vault.listPersistentData({ context: 'user' })).map(({ name }) => name);
  assert.deepEqual(names.sort(), [service.url, `${service.url} client`], 'no attempt is left');
});

serviceTest('another window finishes an attempt by its state', 1, async (world, service) => {
  const urls = [];
  const [one, other] = [providerOf(await world.open(), service, urls), providerOf(await world.open(), service, [])];
  await authorize(one, service);
  other.continueAttempt(urls[0].searchParams.get('state'));
  assert.equal(await authorize(other, service, { authorizationCode: service.agree(urls[0]) }), 'AUTHORIZED');
  assert.equal(typeof (await one.tokens()).access_token, 'string');
});

serviceTest('a refused sign-in is deleted, and begins again; a newer one stays', 1, async (world, service) => {
  const vault = await world.open();
  const provider = await signIn(vault, service);
  service.revoke();
  assert.equal(await authorize(provider, service), 'REDIRECT');
  assert.equal(await provider.tokens(), undefined);
  const newer = await signIn(await world.open(), service);
  await provider.invalidateCredentials('tokens');
  assert.deepEqual(await provider.tokens(), await newer.tokens());
});

vaultTest("the README's code connects", async (world) => {
  const service = new Service(20);
  await service.start();
  const { dataDir, keyDir } = world.options;
  const program = `import { transportFor } from ${JSON.stringify(join(import.meta.dirname, 'mcp-example.mjs'))};
    const transport = transportFor(${JSON.stringify(service.url)}, (url) => console.log(url.pathname));
    await transport.start();
    await transport.send({ jsonrpc: '2.0', id: 1, method: 'ping' }).catch(({ message }) => console.log(message));`;
  const env = { ...process.env, PLUGIN_VAULT_DATA_DIR: dataDir, PLUGIN_VAULT_KEY_DIR: keyDir };
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], { env });
  service.stop();
  assert.equal(stdout, '/authorize\nUnauthorized\n');
});

test("the provider has the SDK's types", async () => {
  const tsc = join(source, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--module', 'node16', '--types', 'node'];
  await run(process.execPath, [tsc, ...options, 'test/mcp-types.mts'], { cwd: source });
});
