// The sheets as their readers meet them: on a phone, at a desk, in the dark, on paper. Started by tests/browser/run.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { contrasts, headings, smallTargets, unlabelled } from './look.mjs';

const { chromium } = createRequire(join(process.env.BELISHA_BROWSER_MODULES, 'package.json'))('playwright-core');
const maker = join(process.env.BELISHA_BUILD, 'tests/sheet/make_sheet');
const shots = process.env.BELISHA_BROWSER_SHOTS;
const dir = mkdtempSync(join(tmpdir(), 'belisha-sheet-'));
const kinds = ['weekly', 'daily', 'governors'];
let browser;

before(async () => {
  if (shots) mkdirSync(shots, { recursive: true });
  for (const kind of kinds) {
    for (const how of ['', 'hostile', 'empty', 'full']) {
      writeFileSync(join(dir, `${kind}${how}.html`), execFileSync(maker, how ? [kind, how] : [kind], { maxBuffer: 1 << 26 }));
    }
  }
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update',
      '--disable-sync', '--host-resolver-rules=MAP * ~NOTFOUND'] });
});

after(async () => {
  if (browser) await browser.close();
  rmSync(dir, { recursive: true });
});

async function visit(file, options, look) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  try {
    const page = await context.newPage();
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`file://${join(dir, file)}`);
    return await look(page, asked);
  } finally {
    await context.close();
  }
}

// Text in a picture lies on the page, or on the cell of the heat map in front of it.
function pictureContrasts() {
  const numbers = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const paper = numbers(getComputedStyle(document.body).backgroundColor);
  const ratio = (one, other) => {
    const [a, b] = [luminance(one), luminance(other)];
    return Math.round((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) * 100) / 100;
  };
  const found = [];
  for (const text of document.querySelectorAll('figure svg text')) {
    const cell = text.classList.contains('heat') ? getComputedStyle(text.previousElementSibling).fill : 'none';
    found.push({ text: text.textContent, ratio: ratio(numbers(getComputedStyle(text).fill), cell === 'none' ? paper : numbers(cell)), needed: 4.5 });
  }
  for (const bar of document.querySelectorAll('figure svg .bar0, figure svg .bar1')) {
    found.push({ text: bar.getAttribute('class'), ratio: ratio(numbers(getComputedStyle(bar).stroke), paper), needed: 3 });
  }
  return found;
}

// 1.1.1, 1.3.1: what a screen reader gets of a picture, a table, a region.
function unsaid() {
  const wrong = [];
  for (const svg of document.querySelectorAll('figure svg[role=img]')) if (!(svg.getAttribute('aria-label') ?? '').includes('.')) wrong.push('a picture without a sentence');
  for (const figure of document.querySelectorAll('figure')) if (!figure.querySelector('figcaption')?.innerText || !figure.querySelector('details table')) wrong.push(`${figure.id}: no caption or table`);
  for (const table of document.querySelectorAll('table')) {
    if (!table.caption?.textContent || [...table.querySelectorAll('th')].some((th) => !th.scope)) wrong.push('a table without caption or scopes');
    if (table.closest('[role=region]')?.tabIndex !== 0) wrong.push('a table that the keyboard does not reach');
  }
  for (const section of document.querySelectorAll('section')) if (!document.getElementById(section.getAttribute('aria-labelledby'))) wrong.push('a section without a name');
  for (const link of document.querySelectorAll('a[href^="#"]')) if (!document.getElementById(link.getAttribute('href').slice(1))) wrong.push(`a link to nowhere: ${link.innerText}`);
  for (const one of ['header', 'main', 'footer', 'h1']) if (document.querySelectorAll(one).length !== 1) wrong.push(`not one ${one}`);
  if (document.documentElement.lang !== 'en-GB' || document.title === '') wrong.push('language or title');
  return wrong;
}

for (const kind of kinds) {
  test(`${kind}: it asks for nothing and runs nothing, whatever the names are`, async () => {
    await visit(`${kind}hostile.html`, {}, async (page, asked) => {
      assert.equal(asked.length, 1);
      assert.equal(await page.evaluate(() => document.querySelectorAll('script, iframe, object, img').length), 0);
      if (kind === 'weekly') assert.ok((await page.innerText('body')).includes("=<script>alert('1')</script>"));
      assert.deepEqual(await page.evaluate(unsaid), []);
    });
  });

  for (const colorScheme of ['light', 'dark']) {
    for (const width of [320, 1280]) {
      test(`${kind}: it can be read: ${colorScheme}, ${width} pixels wide`, async () => {
        await visit(`${kind}.html`, { colorScheme, viewport: { width, height: 900 } }, async (page) => {
          await page.evaluate(() => document.querySelectorAll('details').forEach((d) => { d.open = true; }));
          if (shots) await page.screenshot({ path: join(shots, `${kind}-${colorScheme}-${width}.png`), fullPage: true });
          assert.deepEqual((await page.evaluate(contrasts)).filter(({ ratio, needed }) => ratio < needed), []);
          assert.deepEqual((await page.evaluate(pictureContrasts)).filter(({ ratio, needed }) => ratio < needed), []);
          assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, 'only tables scroll sideways');
          assert.deepEqual(await page.evaluate(smallTargets), []);
          assert.deepEqual(await page.evaluate(unlabelled), []);
          assert.deepEqual(await page.evaluate(unsaid), []);
          const levels = await page.evaluate(headings);
          assert.equal(levels[0], 1);
          levels.reduce((last, level) => { assert.ok(level <= last + 1); return level; });
        });
      });
    }
  }

  test(`${kind}: one in which nothing happened can be read as well`, async () => {
    await visit(`${kind}empty.html`, {}, async (page) => {
      assert.deepEqual(await page.evaluate(unsaid), []);
      assert.ok((await page.innerText('main')).length > 400);
    });
  });

  test(`${kind}: text may be twice as large (1.4.4) and spaced (1.4.12)`, async () => {
    await visit(`${kind}.html`, { viewport: { width: 640, height: 900 } }, async (page) => {
      await page.addStyleTag({ content: 'html { font-size: 200% } * { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }' }).catch(() => {});
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
    });
  });
}

test('weekly: ten entries are one page of paper, and all else begins on the next', async () => {
  await visit('weeklyfull.html', { viewport: { width: 695, height: 1009 } }, async (page) => { // what is between the margins of A4
    await page.emulateMedia({ media: 'print' });
    const [entries, height] = await page.evaluate(() => {
      const first = document.querySelector('section');
      return [first.querySelectorAll('li').length, first.getBoundingClientRect().bottom + scrollY];
    });
    assert.equal(entries, 10);
    assert.ok(height <= 1009, `the first page is ${height} pixels high`);
    assert.equal(await page.evaluate(() => getComputedStyle(document.querySelectorAll('section')[1]).breakBefore), 'page');
    assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('nav')).display), 'none');
    if (shots) await page.pdf({ path: join(shots, 'weekly.pdf'), preferCSSPageSize: true });
  });
});

test('weekly: the keyboard finds the way in, and its place can be seen', async () => {
  await visit('weekly.html', {}, async (page) => {
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.innerText), 'Skip to the sheet');
    await page.keyboard.press('Tab');
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.notEqual(outline, 'none');
  });
});
