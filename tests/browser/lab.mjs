// Starts belisha-notice for each kind of reader, and a browser that reaches them by name.
import { spawn, execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { chromium } = createRequire(join(process.env.BELISHA_BROWSER_MODULES, 'package.json'))('playwright-core');
const firstPort = Number(process.env.BELISHA_BROWSER_PORT ?? 15500);

// The browser's address is always 127.0.0.1, so each reader has a belisha-notice of its own: *.pupil.example leads to the
// one that takes everyone for a secondary school pupil.
export const readers = {
  junior: { wording: 'primary', port: firstPort },
  pupil: { wording: 'secondary', port: firstPort + 1 },
  teacher: { wording: 'staff', port: firstPort + 2 },
};

const names = ['casino', 'hurt', 'games', 'adult', 'proxy'];
const categories = { casino: 'gambling', hurt: 'self-harm', games: 'gaming', adult: 'pornography', proxy: 'circumvention' };

// Flags that keep chromium from looking for its maker's servers; it runs as root in containers, hence no sandbox.
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable',
  '--host-resolver-rules=' + Object.entries(readers).map(([r, { port }]) => `MAP *.${r}.example 127.0.0.1:${port}`).join(',')
  + ',MAP * ~NOTFOUND'];

function configuration(reader, generation, state) {
  return JSON.stringify({
    state_dir: state,
    blocklist: { dir: generation },
    access: ['127.0.0.0/8'],
    policy: { levels: [{ name: 'level', block: ['all'], wording: readers[reader].wording }] },
    notice: {
      listen: [`127.0.0.1:${readers[reader].port}`],
      school: 'Beacon Hill School',
      contact: 'Mrs Okafor, safeguarding lead, room 12',
      hosts: [`why.${reader}.example`],
    },
  });
}

async function startNotice(reader, generation, dir) {
  const state = join(dir, reader);
  const file = join(dir, `${reader}.yaml`);
  mkdirSync(state);
  writeFileSync(file, configuration(reader, generation, state));
  const child = spawn(join(process.env.BELISHA_BUILD, 'bin', 'belisha-notice'), ['-c', file],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, TZ: 'Europe/London' } });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'ready') return child;
  }
  throw new Error(`belisha-notice for ${reader} ended before it was ready`);
}

export async function openLab() {
  const listed = Object.keys(readers).flatMap((r) => names.map((n) => `${n}.${r}.example=${categories[n]}`));
  const generation = execFileSync(process.env.BELISHA_GENERATION, listed, { encoding: 'utf8' }).trim();
  const dir = mkdtempSync(join(tmpdir(), 'belisha-browser-'));
  const children = [];
  let browser;
  const close = async () => {
    await browser?.close();
    const codes = await Promise.all(children.map((child) => new Promise((done) => {
      child.on('exit', (code) => done(code));
      child.kill('SIGTERM');
    })));
    rmSync(dir, { recursive: true });
    rmSync(generation, { recursive: true });
    return codes;
  };
  try {
    for (const reader of Object.keys(readers)) children.push(await startNotice(reader, generation, dir));
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', headless: true, args: flags });
  } catch (error) {
    await close();
    throw error;
  }
  const inbox = (reader) => readFileSync(join(dir, reader, 'inbox', 'data.mdb'), 'latin1');
  return { browser, inbox, close };
}
