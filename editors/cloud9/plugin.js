// Cloud9's `Plugin`, as far as a plugin's own data needs it: its life, its events, its API key.

const { EventEmitter } = require('node:events');

/** The class, with `openVault(apiKey)`, which gives a vault or rejects. */
exports.makePlugin = function makePlugin(openVault) {
  return class Plugin {
    #events = new EventEmitter();

    constructor(developer, dependencies) {
      this.developer = developer;
      this.dependencies = dependencies;
    }

    /** Only before `freezePublicAPI`. Returns at once; what is asked of the API waits for the vault. */
    setAPIKey(apiKey) {
      return persistentData(() => openVault(apiKey));
    }

    /** Only before `freezePublicAPI`: the function that emits the plugin's events. */
    getEmitter() {
      return this.#events.emit.bind(this.#events);
    }

    on(event, listener) {
      this.#events.on(event, listener);
      return this;
    }

    once(event, listener) {
      this.#events.once(event, listener);
      return this;
    }

    off(event, listener) {
      this.#events.off(event, listener);
      return this;
    }

    /** Called when architect has the service. */
    load(name) {
      this.name ??= name;
      this.#events.emit('load');
    }

    unload() {
      this.#events.emit('unload');
    }

    /** Gives the plugin its public members. From here on nobody who has the plugin gets at its data. */
    freezePublicAPI(api) {
      const { _events, ...members } = api;
      Object.defineProperties(this, Object.getOwnPropertyDescriptors(members));
      for (const own of ['setAPIKey', 'getEmitter', 'freezePublicAPI']) {
        Object.defineProperty(this, own, { value: undefined, writable: false, configurable: false, enumerable: false });
      }
      return this;
    }
  };
};

/** `api`: the two calls, in the order in which they are made. */
function persistentData(open) {
  let vault;
  // A vault that could not be had is asked for again by the next call.
  const ready = () =>
    (vault ??= open().catch((error) => {
      vault = undefined;
      throw error;
    }));
  const call = (method, args, callback) => {
    ready().then((opened) => opened[method](...args, callback), (error) => process.nextTick(callback, error));
  };
  return Object.freeze({
    /** `context` is `"user"` or `"workspace"`, `data` an object. `callback(err)` comes when it is on the disk. */
    setPersistentData(context, data, callback) {
      // As it is now, not when its turn has come.
      const now = data === undefined ? data : JSON.parse(JSON.stringify(data));
      call('setPersistentData', [context, now], (error) => callback?.(error));
    },

    /** `callback(err, data)`, with `null` where nothing was stored. */
    getPersistentData(context, callback) {
      call('getPersistentData', [context], (error, data) => callback(error, data));
    },
  });
}
