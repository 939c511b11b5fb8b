// The README's code for sign-ins of MCP clients follows this line.
// ---
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { openVault } from 'plugin-vault';
import { McpProvider } from 'plugin-vault/mcp';

const vault = await openVault({ plugin: 'me.my-agent', installation: 'my-editor' });

export const transportFor = (url, openBrowser) => {
  const redirectUrl = 'http://127.0.0.1:8912/callback';
  const clientMetadata = { client_name: 'My agent', redirect_uris: [redirectUrl] };
  const authProvider = new McpProvider(vault, { name: url, redirectUrl, clientMetadata, redirectToAuthorization: openBrowser });
  return new StreamableHTTPClientTransport(new URL(url), { authProvider, fetch: authProvider.fetch });
};
