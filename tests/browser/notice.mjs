// The notice page as its readers meet it. Started by tests/browser/run.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { openLab, readers } from './lab.mjs';
import { contrasts, headings, sidewaysScroll, smallTargets, unlabelled } from './look.mjs';

const shots = process.env.BELISHA_BROWSER_SHOTS;
let lab;

before(async () => {
  lab = await openLab();
  if (shots) mkdirSync(shots, { recursive: true });
});

after(async () => {
  if (lab) assert.deepEqual(await lab.close(), [0, 0, 0], 'every belisha-notice ends cleanly at SIGTERM');
});

const at = (name, reader, path = '/') => `http://${name}.${reader}.example${path}`;

// Every page there is, by its address.
const addresses = Object.keys(readers).flatMap((reader) => [
  ...['casino', 'hurt', 'why', 'open'].map((name) => at(name, reader)), at('why', reader, '/nowhere')]);

async function visit(address, options, look) {
  const context = await lab.browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  try {
    const page = await context.newPage();
    const asked = [];
    page.on('request', (request) => asked.push(request.url()));
    const response = await page.goto(address);
    return await look(page, response, asked);
  } finally {
    await context.close();
  }
}

const openAll = (page) => page.evaluate(() => document.querySelectorAll('details').forEach((d) => { d.open = true; }));
const shot = (page, name) => shots && page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });

test('a blocked name shows who, why and what next, and asks nobody else', async () => {
  await visit(at('www.casino', 'pupil', '/some/path?q=1'), {}, async (page, response, asked) => {
    const text = await page.innerText('body');
    assert.equal(response.status(), 403);
    for (const words of ['This website is blocked at school', 'you are not in trouble', 'www.casino.pupil.example', 'gambling',
      'Beacon Hill School', 'Mrs Okafor', '999', '0800 1111', 'monitored', 'No filter is perfect']) {
      assert.ok(text.includes(words), `'${words}' is on the page`);
    }
    assert.match(text, /Code [0-9A-Z]{4}-[0-9A-Z]{4}/);
    assert.ok((await response.body()).length < 50_000);
    const headers = response.headers();
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.match(headers['content-security-policy'], /default-src 'none'; style-src 'sha256-[^']+'/);
    assert.deepEqual(asked.filter((url) => new URL(url).host !== 'www.casino.pupil.example'), []);
    // The style sheet passed its own policy.
    assert.notEqual(await page.evaluate(() => getComputedStyle(document.body).maxWidth + getComputedStyle(document.body).margin), 'none8px');
  });
});

test('each reader gets words that fit', async () => {
  const titles = { junior: 'This website is closed here', pupil: 'This website is blocked at school',
    teacher: 'The school filter blocked this website' };
  for (const [reader, title] of Object.entries(titles)) {
    await visit(at('casino', reader), {}, async (page) => {
      assert.equal(await page.innerText('h1'), title);
    });
  }
});

test('help comes first and stands out where a life may depend on it', async () => {
  await visit(at('hurt', 'pupil'), {}, async (page) => {
    assert.equal(await page.innerText('h1'), 'You are not alone');
    assert.equal(await page.locator('main > :nth-child(3)').getAttribute('class'), 'help care');
    const first = page.locator('.services > li').first();
    assert.ok(await first.isVisible());
    assert.match(await first.innerText(), /Childline/);
    assert.equal(await first.locator('a').first().getAttribute('href'), 'tel:08001111');
    assert.equal(await page.locator('a[href="tel:116123"]').first().isVisible(), true);
  });
});

test('both forms reach the inbox without JavaScript, by keyboard alone', async () => {
  await visit(at('casino', 'pupil'), { javaScriptEnabled: false }, async (page) => {
    await page.locator('summary', { hasText: 'should not be blocked' }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.type('I need it for <maths> & more');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Sam, 9B');
    await page.keyboard.press('Tab');
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    assert.equal(await page.innerText('h1'), 'Thank you. The school has your message.');
  });
  await visit(at('why', 'pupil'), { javaScriptEnabled: false }, async (page) => {
    await page.getByLabel('Someone is being unkind').check();
    await page.getByLabel('The address of the website').fill('http://bad.example/?a=1&b=2');
    await page.getByLabel('What did you see?').fill('line one\nline two');
    await Promise.all([page.waitForNavigation(), page.getByRole('button').click()]);
    assert.equal(await page.innerText('h1'), 'Thank you. The school has your message.');
    await shot(page, 'thanks');
  });
  const inbox = lab.inbox('pupil');
  assert.ok(inbox.includes('"kind":"unblock","about":"","host":"casino.pupil.example"'));
  assert.ok(inbox.includes('"name":"Sam, 9B","words":"I need it for <maths> & more"'));
  assert.ok(inbox.includes('"kind":"concern","about":"bullying","host":"why.pupil.example","url":"http://bad.example/?a=1&b=2"'));
  assert.match(inbox, /"words":"line one(\\n|\\u000a)line two"/);
});

test('the keyboard walks the page in its order, and shows where it is', async () => {
  await visit(at('casino', 'pupil'), {}, async (page) => {
    const walk = [];
    for (let i = 0; i < 12; i++) {
      await page.keyboard.press('Tab');
      walk.push(await page.evaluate(() => {
        const focused = document.activeElement;
        const style = getComputedStyle(focused);
        return { text: focused.innerText, top: focused.getBoundingClientRect().top + scrollY, outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 };
      }));
      if (walk.at(-1).text.includes('I saw something')) break;
    }
    assert.equal(walk[0].text, 'Skip to the page');
    assert.equal(walk[1].text, '999');
    assert.ok(walk.at(-1).text.includes('I saw something'), 'both forms can be reached');
    assert.ok(walk.every((step) => step.outlined), 'focus is visible at each step');
    const tops = walk.slice(1).map((step) => step.top);
    assert.deepEqual(tops, [...tops].sort((a, b) => a - b));
  });
});

test('all text has contrast enough, in light and in dark', async () => {
  for (const colorScheme of ['light', 'dark']) {
    for (const address of addresses) {
      await visit(address, { colorScheme }, async (page) => {
        await openAll(page);
        const poor = (await page.evaluate(contrasts)).filter((c) => c.ratio < c.needed);
        assert.deepEqual(poor, [], `${address} in ${colorScheme}`);
      });
    }
  }
});

test('dark is dark and light is light', async () => {
  const background = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await visit(addresses[0], { colorScheme: 'light' }, background);
  const dark = await visit(addresses[0], { colorScheme: 'dark' }, background);
  const sum = (color) => color.match(/\d+/g).slice(0, 3).map(Number).reduce((a, b) => a + b);
  assert.ok(sum(light) > 700 && sum(dark) < 100, `${light}, ${dark}`);
});

test('nothing scrolls sideways at 320 pixels, and everything can be hit with a thumb', async () => {
  for (const address of [...addresses, at(`${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.casino`, 'pupil')]) {
    await visit(address, { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true }, async (page) => {
      await openAll(page);
      assert.deepEqual(await page.evaluate(sidewaysScroll), [], address);
      assert.deepEqual(await page.evaluate(smallTargets), [], address);
    });
  }
});

test('the structure reads well without eyes', async () => {
  for (const address of addresses) {
    await visit(address, {}, async (page) => {
      await openAll(page);
      assert.equal(await page.getAttribute('html', 'lang'), 'en-GB');
      assert.ok((await page.title()).length > 5);
      const levels = await page.evaluate(headings);
      assert.equal(levels.filter((level) => level === 1).length, 1, address);
      levels.reduce((before, level) => {
        assert.ok(level <= before + 1, `${address}: a heading of level ${level} follows one of ${before}`);
        return level;
      }, 0);
      assert.deepEqual(await page.evaluate(unlabelled), [], address);
      assert.equal(await page.locator('main').count(), 1);
    });
  }
});

test('it prints on paper without forms', async () => {
  await visit(at('hurt', 'pupil'), {}, async (page) => {
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.locator('form').first().isVisible(), false);
    assert.equal(await page.getByText('0800 1111').first().isVisible(), true);
    const pdf = await page.pdf({ format: 'A4', ...(shots && { path: join(shots, 'print.pdf') }) });
    assert.ok(pdf.length > 5000);
  });
});

test('pictures kept for looking at', { skip: !shots }, async () => {
  const desk = { viewport: { width: 1280, height: 900 } };
  const phone = { viewport: { width: 375, height: 812 }, deviceScaleFactor: 2, isMobile: true };
  for (const reader of Object.keys(readers)) {
    for (const [device, options] of Object.entries({ desk, phone })) {
      for (const colorScheme of ['light', 'dark']) {
        await visit(at('casino', reader), { ...options, colorScheme }, (page) => shot(page, `${reader}-${device}-${colorScheme}`));
      }
    }
  }
  await visit(at('hurt', 'pupil'), phone, (page) => shot(page, 'care-phone'));
  await visit(at('why', 'pupil'), desk, (page) => shot(page, 'report-desk'));
  await visit(at('open', 'pupil'), desk, (page) => shot(page, 'open-desk'));
  await visit(at('casino', 'pupil'), phone, async (page) => { await openAll(page); await shot(page, 'all-phone'); });
  await visit(at('hurt', 'pupil'), { viewport: { width: 794, height: 1123 } }, async (page) => {
    await page.emulateMedia({ media: 'print' });
    await shot(page, 'print');
  });
  await visit(at('casino', 'pupil'), { viewport: { width: 840, height: 600 } }, (page) => shot(page, 'notice-page'));
});
