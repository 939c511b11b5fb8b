// The README's hook for the uninstallation of an extension follows this line.
// ---
const { join } = require('node:path');
const { openVault } = require('plugin-vault');

async function uninstall() {
  // The same options as in the extension. This script runs without the editor.
  const packed = join(__dirname, 'bin', process.platform === 'win32' ? 'plugin-vault.exe' : 'plugin-vault');
  const vault = await openVault({ plugin: 'me.my-plugin', installation: 'vscode', packed });
  await vault.revokeAPIKey(); // destroys the data of this plugin in this installation
  await vault.close();
}

uninstall();
