// Stands in for the npm package keytar, which needs a keyring: the calls that docs/migrating.md makes.

const passwords = new Map([['octocat', 'a-password'], ['hubot', 'another']]);

exports.findCredentials = async () => [...passwords].map(([account, password]) => ({ account, password }));
exports.deletePassword = async (_, account) => passwords.delete(account);
