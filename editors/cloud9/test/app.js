// An application with a plugin. The README contains this code.

const architect = require('architect');
const { withApiKeys } = require('plugin-vault-cloud9');

const config = architect.resolveConfig(['plugin-vault-cloud9', './my-plugin'], __dirname);
withApiKeys(config).then(() => architect.createApp(config, (err) => { if (err) throw err; }));
