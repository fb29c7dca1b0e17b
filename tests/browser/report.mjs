// The compiler's report as its readers meet it: a page opened from a file. Started by tests/browser/run.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { contrasts, headings, sidewaysScroll, smallTargets, unlabelled } from './look.mjs';

const { chromium } = createRequire(join(process.env.BELISHA_BROWSER_MODULES, 'package.json'))('playwright-core');
const compiler = join(process.env.BELISHA_BUILD, 'bin/blocklist-compiler');
const shots = process.env.BELISHA_BROWSER_SHOTS;
const dir = mkdtempSync(join(tmpdir(), 'belisha-report-'));
const hostile = '<script>document.title="taken"</script><img src=x onerror=alert(1)>';
let browser;

const recipe = (feeds) => `own_domains: [school.example]\nfeeds:\n${feeds.map(([name, licence]) =>
  `  - {name: ${name}, source: "file:${name}", format: domains, category: malware, licence: ${JSON.stringify(licence)}}\n`).join('')}`;

function compile() {
  try {
    execFileSync(compiler, ['--recipe', 'feeds.yaml', '--out', 'out', '--quiet', '--report', 'html=page.html'], { cwd: dir });
  } catch (error) {
    assert.equal(error.status, 1); // a feed is missing on purpose
  }
}

before(async () => {
  if (shots) mkdirSync(shots, { recursive: true });
  writeFileSync(join(dir, 'feeds.yaml'), recipe([['one', hostile], ['two', 'CC0'], ['gone', 'none']]));
  writeFileSync(join(dir, 'one'), `a.example\nbbc.co.uk\nschool.example\ngithub.io\n${hostile}\n`);
  writeFileSync(join(dir, 'two'), 'a.example\nb.example\n');
  compile();
  writeFileSync(join(dir, 'two'), `b.example\nyoutube.com\n${'x'.repeat(60)}.${'y'.repeat(60)}.example\n`);
  compile();
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update',
      '--disable-sync', '--host-resolver-rules=MAP * ~NOTFOUND'] });
});

after(async () => {
  if (browser) await browser.close();
  rmSync(dir, { recursive: true });
});

async function visit(options, look) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  try {
    const page = await context.newPage();
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`file://${join(dir, 'page.html')}`);
    return await look(page, asked);
  } finally {
    await context.close();
  }
}

test('the report tells what it must and runs nothing that a feed says', async () => {
  await visit({}, async (page, asked) => {
    const text = await page.innerText('body');
    for (const words of ['Published: generation 2', 'gone is missing', 'own-domain', 'youtube.com', 'Rank 1', 'github.io', hostile]) {
      assert.ok(text.includes(words), `'${words}' is on the page`);
    }
    assert.match(await page.title(), /^Blocklist report: published/);
    assert.equal(asked.length, 1, 'it asks for nothing but itself');
  });
});

for (const colorScheme of ['light', 'dark']) {
  for (const width of [320, 1280]) {
    test(`the report can be read: ${colorScheme}, ${width} pixels wide`, async () => {
      await visit({ colorScheme, viewport: { width, height: 900 } }, async (page) => {
        if (shots) await page.screenshot({ path: join(shots, `report-${colorScheme}-${width}.png`), fullPage: true });
        assert.deepEqual((await page.evaluate(contrasts)).filter(({ ratio, needed }) => ratio < needed), []);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, 'only tables scroll sideways');
        assert.deepEqual((await page.evaluate(smallTargets)).filter((t) => !/^\d+ (popular|rule)/.test(t)), []);
        assert.deepEqual(await page.evaluate(unlabelled), []);
        const levels = await page.evaluate(headings);
        assert.equal(levels[0], 1);
        levels.reduce((last, level) => { assert.ok(level <= last + 1); return level; });
      });
    });
  }
}

test('the keyboard reaches every table, and every table has a caption and heads', async () => {
  await visit({}, async (page) => {
    const wrong = await page.evaluate(() => [...document.querySelectorAll('table')].filter((t) => !t.caption?.innerText
      || t.parentElement.tabIndex !== 0 || [...t.querySelectorAll('th')].some((th) => !th.scope)
      || [...t.tBodies[0].rows].some((r) => r.cells[0].tagName !== 'TH')).length);
    assert.equal(wrong, 0);
  });
});
