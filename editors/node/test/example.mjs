// The README's example follows this line.
// ---
import { openVault } from 'plugin-vault';

// plugin-vault keeps the key of this installation of the plugin: the same pair always finds the same data.
const vault = await openVault({ plugin: 'me.my-plugin', installation: 'my-editor' });

console.log(await vault.getPersistentData('user')); // null at first, then the object
await vault.setPersistentData('user', { token: 'abc' }); // on the disk when this resolves
await vault.setPersistentData('user', { answers: 42 }, { name: 'survey' }); // another record, with a name

await vault.close();
