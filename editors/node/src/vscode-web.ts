// `plugin-vault/vscode` for windows of the web; bundlers choose it by the condition `browser`.

export { isVaultError, LoginNeeded, openVault, VaultError } from './vscode/web';
export type * from './vscode/api';
