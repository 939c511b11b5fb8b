// One implementation for both kinds of modules, so that an error is the same class in both.
export { findBinary, isVaultError, LoginNeeded, openSidecar, openVault, Sidecar, Vault, VaultError, workingFolder } from '../dist/index.js';
