// An MCP client in a process of its own. It signs in if it has to, calls a tool several times, and prints what happened as JSON.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { openVault } from 'plugin-vault';
import { McpProvider } from 'plugin-vault/mcp';

const { server, calls, vault: options } = JSON.parse(process.env.CLIENT);
const vault = await openVault(options);
let redirects = 0;
const provider = new McpProvider(vault, {
  name: server,
  redirectUrl: 'http://127.0.0.1/callback',
  clientMetadata: { client_name: 'test', redirect_uris: ['http://127.0.0.1/callback'] },
  redirectToAuthorization: () => void (redirects += 1),
  reads: 5,
});
const results = [];
while (results.length < calls) {
  // A connection for each call: a client that is started for each command.
  const transport = new StreamableHTTPClientTransport(new URL(server), { authProvider: provider, fetch: provider.fetch });
  const client = new Client({ name: 'test', version: '1.0.0' });
  try {
    await client.connect(transport);
    results.push((await client.callTool({ name: 'ping' })).content[0].text);
  } catch (error) {
    // The other processes have used the new token up before this one could use it.
    const isUsedUp = error.message.includes('401 after successful authentication');
    if (!isUsedUp) results.push(`${error.name}: ${error.message}`);
  }
  await client.close();
}
console.log(JSON.stringify({ results, redirects }));
await vault.close();
