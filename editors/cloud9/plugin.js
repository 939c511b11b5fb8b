// Cloud9's `Plugin`, as far as a plugin's data needs it: its life cycle, its events, its API key.

const { EventEmitter } = require('node:events');

/** Makes the class. `openVault(apiKey)` returns a Promise of a vault. */
exports.makePlugin = function makePlugin(openVault) {
  return class Plugin {
    #events = new EventEmitter();

    constructor(developer, dependencies) {
      this.developer = developer;
      this.dependencies = dependencies;
    }

    /** Only before `freezePublicAPI`. Returns at once; calls of the returned API wait for the vault. */
    setAPIKey(apiKey) {
      return persistentData(() => openVault(apiKey));
    }

    /** Only before `freezePublicAPI`. Returns the function that emits the plugin's events. */
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

    /** To be called when architect has the service. */
    load(name) {
      this.name ??= name;
      this.#events.emit('load');
    }

    unload() {
      this.#events.emit('unload');
    }

    /** Sets the plugin's public members. From here on other plugins that have this one can't get access to its data. */
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

/** The object `api` with the two methods. Calls are carried out in their order. */
function persistentData(open) {
  let vault;
  // After a failure the next call opens the vault again.
  const ready = () =>
    (vault ??= open().catch((error) => {
      vault = undefined;
      throw error;
    }));
  const call = (method, args, callback) => {
    ready().then((opened) => opened[method](...args, callback), (error) => process.nextTick(callback, error));
  };
  return Object.freeze({
    /** `context` is `"user"` or `"workspace"`, `data` an object. `callback(err)` is called when it is on the disk. */
    setPersistentData(context, data, callback) {
      // A copy: later changes by the caller must not change the call.
      const now = data === undefined ? data : JSON.parse(JSON.stringify(data));
      call('setPersistentData', [context, now], (error) => callback?.(error));
    },

    /** Calls `callback(err, data)`, with `null` if no data was stored. */
    getPersistentData(context, callback) {
      call('getPersistentData', [context], (error, data) => callback(error, data));
    },
  });
}
