// The editor runs this after the user has uninstalled the extension. It destroys the data of this editor's installation.
const { join } = require('node:path');
const { openVault } = require('plugin-vault');

const packed = join(__dirname, '../bin', process.platform === 'win32' ? 'plugin-vault.exe' : 'plugin-vault');
const opening = openVault({ plugin: 'tests.example', installation: process.argv[2] ?? 'vscode', packed });
opening.then((vault) => vault.revokeAPIKey().finally(() => vault.close()));
