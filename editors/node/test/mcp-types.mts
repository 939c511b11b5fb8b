// The provider has the types that the SDK wants. mcp.test.mjs compiles this file; it never runs.

import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { OAuthClientMetadata } from '@modelcontextprotocol/sdk/shared/auth.js';
import type { Vault } from 'plugin-vault';
import { McpProvider } from 'plugin-vault/mcp';

export function transport(vault: Vault, url: URL): StreamableHTTPClientTransport {
  const clientMetadata: OAuthClientMetadata = { client_name: 'test', redirect_uris: [] };
  const provider = new McpProvider(vault, { name: url.href, redirectUrl: undefined, clientMetadata, redirectToAuthorization() {} });
  const authProvider: OAuthClientProvider = provider;
  return new StreamableHTTPClientTransport(url, { authProvider, fetch: provider.fetch });
}
