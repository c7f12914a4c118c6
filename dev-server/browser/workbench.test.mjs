// The pages as a person uses them: with a mouse, with the keyboard alone, narrow and wide, dark and light.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Sender, longTrace, story } from './seed.mjs';
import { launch, openPage, startProgram, startServer } from './stage.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const directory = mkdtempSync(join(tmpdir(), 'maxim-browser-'));
// Where the servers look for what loggers of this machine hold, beside the shared memory.
const spool = process.env.MAXIM_SPOOL_DIR = join(directory, 'spool');
let browser;
let server;

before(async () => {
  browser = await launch();
  server = await startServer();
  await story(server.url);
});
after(async () => {
  await browser.close();
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

const visit = async (options) => {
  const opened = await openPage(browser, server, options);
  return { ...opened, go: (path) => opened.page.goto(server.url + path), done: async () => { assert.deepEqual(opened.faults, []); await opened.context.close(); } };
};

test('from the list to a trace, to a part of it, to its conversation', async () => {
  const { page, go, done } = await visit();
  await go('/');
  assert.equal(await page.locator('tbody .row').count(), 5);
  await page.getByRole('link', { name: 'explain invoice' }).click();
  await page.waitForURL(/\/trace\/assistant\/invoice/);
  assert.equal(await page.locator('.span-row').count(), 4);
  await page.locator('.span-row', { hasText: 'find_charges' }).click();
  await page.locator('#detail h2', { hasText: 'find_charges' }).waitFor();
  assert.match(await page.locator('#detail').innerText(), /billing service timed out after 3 s/);
  assert.match(page.url(), /at=tool_call:invoice-tool/);
  await page.reload();
  assert.equal(await page.locator('#detail h2').innerText(), 'find_charges');
  await page.locator('.span-row', { hasText: 'choose a tool' }).click();
  await page.locator('#detail .call-name', { hasText: 'find_charges' }).waitFor();
  await go('/session/assistant/support-ada');
  assert.equal(await page.locator('.turn').count(), 3);
  await done();
});

test('an open span is hatched and bars lie where their times are', async () => {
  const { page, go, done } = await visit();
  await go('/trace/assistant/digest');
  assert.equal(await page.locator('.bar rect.open').count(), 2);
  await go('/trace/assistant/refund-a');
  const left = async (name) => (await page.locator('.span-row', { hasText: name }).locator('.bar rect').boundingBox()).x;
  assert.ok(await left('handbook') < await left('find_order') && await left('find_order') < await left('write answer'));
  await done();
});

test('two marked traces are compared word by word', async () => {
  const { page, go, done } = await visit();
  await go('/?q=shoes');
  const boxes = page.locator('tbody input[type=checkbox]');
  assert.equal(await boxes.count(), 2);
  await boxes.nth(0).check();
  await boxes.nth(1).check();
  await page.getByRole('button', { name: 'Compare the two marked' }).click();
  await page.waitForURL(/\/compare/);
  const text = await page.locator('main').innerText();
  assert.match(text, /write answer/);
  assert.ok((await page.locator('ins').allInnerTexts()).join(' ').includes('label') || (await page.locator('del').allInnerTexts()).join(' ').includes('label'));
  await done();
});

test('a search completes keys and values, finds, and says what it does not understand', async () => {
  const { page, go, done } = await visit();
  await go('/');
  await page.keyboard.press('/');
  await page.keyboard.type('mod');
  await page.locator('#completions li', { hasText: 'model:' }).waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.locator('#q').inputValue(), 'model:');
  await page.keyboard.type('claude');
  await page.locator('#completions li', { hasText: 'model:claude-sonnet-4' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('#q').inputValue(), 'model:claude-sonnet-4 ');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Enter');
  await page.waitForURL(/q=model/);
  assert.equal(await page.locator('tbody .row').count(), 1);
  await go('/?q=colour:red');
  assert.match(await page.getByRole('alert').innerText(), /no key “colour”/);
  await done();
});

test('up from no completion is the last one', async () => {
  const { page, go, done } = await visit();
  await go('/');
  await page.keyboard.press('/');
  const offered = page.locator('#completions li');
  await offered.nth(2).waitFor();
  await page.keyboard.press('ArrowUp');
  const chosen = page.locator('#completions li[aria-selected="true"]');
  await chosen.waitFor();
  assert.equal(await chosen.innerText(), await offered.last().innerText());
  assert.equal(await page.locator('#q').getAttribute('aria-activedescendant'), await chosen.getAttribute('id'));
  await done();
});

test('the keyboard alone reaches a part of a trace and comes back', async () => {
  const { page, go, done } = await visit();
  await go('/');
  for (const key of ['j', 'j', 'j', 'k']) await page.keyboard.press(key);
  assert.equal(await page.locator('.row.at .name').innerText(), 'explain invoice');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/trace\//);
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.locator('#detail h2', { hasText: 'find_charges' }).waitFor();
  await page.keyboard.press('u');
  await page.waitForURL((url) => url.pathname === '/');
  await page.keyboard.press('?');
  assert.ok(await page.locator('#help').isVisible());
  await page.keyboard.press('Escape');
  for (const key of ['j', 'c', 'j', 'c']) await page.keyboard.press(key);
  await page.waitForURL(/\/compare/);
  await done();
});

test('what arrives shows while one looks, is held on demand, and comes when it goes on', async () => {
  const { page, go, done } = await visit();
  await go('/?q=live');
  assert.equal(await page.locator('tbody .row').count(), 0);
  const sender = new Sender(server.url);
  await sender.say('trace', 'live-1', 'create', { name: 'live one', startTimestamp: new Date().toISOString() }).send();
  await page.locator('.name', { hasText: 'live one' }).waitFor();
  await page.keyboard.press('p');
  await sender.say('trace', 'live-2', 'create', { name: 'live two', startTimestamp: new Date().toISOString() }).send();
  assert.equal(await page.locator('.name', { hasText: 'live two' }).count(), 0);
  await page.keyboard.press('p');
  await page.locator('.name', { hasText: 'live two' }).waitFor();
  await go('/trace/assistant/live-1');
  await sender.say('trace', 'live-1', 'add-span', { id: 'live-span', name: 'came later', startTimestamp: new Date().toISOString() }).send();
  await page.locator('.span-row', { hasText: 'came later' }).waitFor();
  await done();
});

test('a trace of ten thousand spans has few of them in the page, and each can be reached', async () => {
  await longTrace(server.url, 10000);
  const { page, go, done } = await visit();
  do await go('/trace/assistant/long'); while (await page.locator('.rows').getAttribute('data-total') !== '10001');
  assert.ok(await page.locator('.span-row').count() <= 1200);
  await page.locator('.rows').evaluate((box) => { box.scrollTop = box.scrollHeight; });
  await page.locator('.span-row', { hasText: 'step 9999' }).waitFor();
  assert.ok(await page.locator('.span-row').count() <= 1200);
  await page.locator('.span-row', { hasText: 'step 9999' }).click();
  await page.locator('#detail h2', { hasText: 'step 9999' }).waitFor();
  await go('/trace/assistant/long?at=span:long-5000');
  assert.equal(await page.locator('.span-row[aria-current] .title').innerText(), 'step 5000');
  assert.ok(await page.locator('.span-row[aria-current]').evaluate((row) => {
    const [box, frame] = [row.getBoundingClientRect(), row.closest('.rows').getBoundingClientRect()];
    return box.top >= frame.top && box.bottom <= frame.bottom;
  }));
  await done();
});

test('an outage is made and seen on the page on delivery', async () => {
  const { page, go, done } = await visit();
  await go('/delivery');
  await page.getByRole('button', { name: '429 for five requests' }).click();
  await page.locator('.set', { hasText: '429:5' }).waitFor();
  await assert.rejects(new Sender(server.url).say('trace', 'x', 'create', {}).send());
  await page.locator('.attempts .badge.bad', { hasText: '429' }).first().waitFor();
  await page.getByRole('button', { name: 'Behave again' }).click();
  await page.locator('.set').waitFor({ state: 'detached' });
  await new Sender(server.url).say('trace', 'x', 'create', {}).send();
  await done();
});

test('hostile texts stay texts, run nothing and fetch nothing', async () => {
  const evil = `</script><script>alert(1)</script><img src="http://evil.invalid/x" onerror="alert(2)">\u001b[31m\u202eabc\u2066`;
  const sender = new Sender(server.url, 'evil');
  const data = { id: evil, name: evil, input: evil, model: evil, provider: evil, sessionId: evil, tags: { [evil]: evil }, error: { message: evil, type: evil }, messages: [{ role: evil, content: evil }, { role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://evil.invalid/y' } }, { type: 'image_url', image_url: { url: 'data:image/svg+xml;base64,PHN2Zy8+' } }] }], huge: 'x'.repeat(1 << 20) };
  for (const action of ['create', 'add-span', 'add-generation', 'add-error', 'add-event', 'add-attachment']) sender.say('trace', 'evil', action, data);
  await sender.send();
  await sender.logs([{ level: evil, message: evil, flowId: evil, tags: [evil], source: evil, errorName: evil, errorStack: evil }]);
  const { page, go, done } = await visit();
  for (const path of ['/', '/generations', '/sessions', '/logs', '/flows', '/errors', '/delivery', '/trace/evil/evil', `/trace/evil/evil?at=generation:${encodeURIComponent(evil)}`, `/session/evil/${encodeURIComponent(evil)}`, `/flow/${encodeURIComponent(evil)}`, '/share/evil/evil?kind=trace', `/?q=${encodeURIComponent(evil)}`]) {
    await go(path);
    const found = await page.evaluate(() => ({
      scripts: [...document.scripts].filter((script) => !script.src).length,
      pictures: [...document.images].filter((image) => /evil/.test(image.src)).length,
      steering: /[\u001b\u202a-\u202e\u2066-\u2069]/.test(document.documentElement.outerHTML),
      isWide: document.documentElement.scrollWidth > innerWidth,
    }));
    assert.deepEqual(found, { scripts: 0, pictures: 0, steering: false, isWide: false }, path);
  }
  await done();
});

test('a page of somebody else reads nothing and changes nothing', async () => {
  const ask = (headers, method = 'GET', path = '/stats') => new Promise((resolve, reject) => {
    request({ port: server.port, host: '127.0.0.1', method, path, headers }, (answer) => { answer.resume(); resolve(answer.statusCode); }).on('error', reject).end();
  });
  assert.equal(await ask({ host: 'evil.invalid' }), 403);
  assert.equal(await ask({ origin: 'http://evil.invalid' }, 'POST', '/control'), 403);
  // Another server on this machine is another origin.
  const other = await startServer();
  const { context, page } = await openPage(browser, other);
  await page.goto(other.url);
  const outcome = await page.evaluate(async (url) => {
    const tries = [fetch(`${url}/stats`), fetch(`${url}/control/reset`, { method: 'POST', mode: 'no-cors' }), fetch(`${url}/live`)];
    return (await Promise.allSettled(tries)).map(({ status, value }) => status === 'fulfilled' && value.type !== 'opaque');
  }, server.url);
  assert.deepEqual(outcome, [false, false, false]);
  await context.close();
  await other.stop();
  assert.equal((await fetch(`${server.url}/trace/assistant/invoice`)).status, 200);
});

test('a share file opens without a server', async () => {
  const { page, go, done, context } = await visit();
  await go('/trace/assistant/invoice');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Share file' }).click()]);
  const file = join(directory, 'share.html');
  await download.saveAs(file);
  const alone = await context.newPage();
  await alone.goto(`file://${file}`);
  assert.match(await alone.locator('h1').innerText(), /explain invoice/);
  await alone.locator('summary', { hasText: 'find_charges' }).click();
  assert.match(await alone.locator('main').innerText(), /billing service timed out after 3 s/);
  assert.equal(await alone.evaluate(() => document.scripts.length), 0);
  assert.notEqual(await alone.locator('.shared').first().evaluate((row) => getComputedStyle(row).display), 'inline');
  await alone.screenshot({ path: join(process.env.SCREENSHOTS, 'share.png') });
  await done();
});

test('a database is there again after a restart', async () => {
  const flags = ['--db', join(directory, 'kept.db')];
  const first = await startServer(...flags);
  await story(first.url);
  await first.stop();
  const second = await startServer(...flags);
  const { context, page, faults } = await openPage(browser, second);
  await page.goto(`${second.url}/?q=invoice`);
  assert.equal(await page.locator('tbody .row').count(), 1);
  await page.getByRole('link', { name: 'explain invoice' }).click();
  await page.locator('.span-row', { hasText: 'find_charges' }).waitFor();
  assert.deepEqual(faults, []);
  await context.close();
  await second.stop();
});

test('a file of records comes in by the page', async () => {
  const export_ = await (await fetch(`${server.url}/export/lines?id=assistant%2Ftrace%2Finvoice`)).text();
  const other = await startServer();
  const { context, page } = await openPage(browser, other);
  await page.goto(`${other.url}/transfer`);
  await page.locator('input[type=file]').setInputFiles({ name: 'x.ndjson', mimeType: 'text/plain', buffer: Buffer.from(export_) });
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await page.locator('#import-result', { hasText: 'lines are in' }).waitFor();
  await page.goto(other.url);
  assert.equal(await page.locator('tbody .row').count(), 1);
  await context.close();
  await other.stop();
});

// What a new user wants to know, found by the words on the pages alone.

test('which generation cost most yesterday', async () => {
  const sender = new Sender(server.url, 'tasks');
  const noon = new Date(); noon.setDate(noon.getDate() - 1); noon.setHours(12, 0, 0, 0);
  for (const [name, at, tokens] of [['cheap one', noon, 1000], ['dear one', noon, 900000], ['today, dearer', new Date(), 5000000]]) {
    const id = name.replace(/\W/g, '-');
    const startTimestamp = at.toISOString();
    sender.say('trace', id, 'create', { name: 'bill', startTimestamp });
    sender.say('trace', id, 'add-generation', { id: `${id}-g`, name, model: 'gpt-4o', startTimestamp });
    sender.say('generation', `${id}-g`, 'result', { result: { choices: [], usage: { prompt_tokens: tokens, completion_tokens: 10 } } });
  }
  await sender.send();
  const { page, go, done } = await visit();
  await go('/');
  await page.getByRole('link', { name: 'Generations' }).click();
  await page.getByRole('link', { name: 'yesterday' }).click();
  await page.getByRole('link', { name: 'Cost' }).click();
  await page.waitForURL(/sort=cost/);
  assert.deepEqual(await page.locator('tbody .row .name').allInnerTexts(), ['dear one', 'cheap one']);
  assert.match(await page.locator('tbody .row').first().innerText(), /\$2\.25/);
  await page.screenshot({ path: join(process.env.SCREENSHOTS, 'task-cost.png') });
  await done();
});

test('why did this trace fail', async () => {
  const { page, go, done } = await visit();
  await go('/');
  await page.getByRole('link', { name: 'failed', exact: true }).click();
  await page.getByRole('link', { name: 'explain invoice' }).click();
  assert.match(await page.locator('.why').innerText(), /find_charges: billing service timed out after 3 s/);
  await page.locator('.why a').click();
  await page.locator('#detail .failure', { hasText: 'billing service timed out after 3 s' }).waitFor();
  await page.screenshot({ path: join(process.env.SCREENSHOTS, 'task-why.png') });
  await done();
});

test('what changed between these two answers', async () => {
  const { page, go, done } = await visit();
  await go('/');
  await page.getByRole('combobox').fill('shoes');
  await page.keyboard.press('Enter');
  await page.waitForURL(/q=shoes/);
  for (const box of await page.getByRole('checkbox').all()) await box.check();
  await page.getByRole('button', { name: 'Compare the two marked' }).click();
  const text = await page.locator('main').innerText();
  for (const said of ['gpt-4o-mini', 'temperature', 'label']) assert.ok(text.includes(said), said);
  await page.screenshot({ path: join(process.env.SCREENSHOTS, 'task-compare.png') });
  await done();
});

test('what has not left this machine and why', async () => {
  const { page, go, done } = await visit();
  await go('/');
  await page.getByRole('link', { name: 'Delivery' }).click();
  const row = (program) => page.locator('.loggers .row', { hasText: `process ${program.pid} to ${server.url}, outage` });
  const figure = (program, label) => row(program).locator(`[data-label="${label}"]`);
  await page.getByRole('button', { name: '503 until cleared' }).click();
  const program = startProgram(server.url, spool, 'new', 'log:3', 'wait', 'log:2', 'wait');
  // What waits, since when, why, and when it is tried again.
  await row(program).filter({ hasText: 'cannot deliver' }).filter({ hasText: '503' }).filter({ hasText: 'next attempt' }).waitFor();
  assert.match(await figure(program, 'waiting').innerText(), /^3\s+for \d+ (s|min)$/);
  for (const [label, number] of [['accepted', '3'], ['delivered', '0'], ['dropped', '0'], ['set aside', '0']]) assert.equal(await figure(program, label).innerText(), number, label);
  assert.match(await row(program).innerText(), /to http:\/\/127\.0\.0\.1:\d+, outage/);
  assert.match(await page.locator('.held .sum').innerText(), /\d+ records? waits?\./);
  await page.screenshot({ path: join(process.env.SCREENSHOTS, 'task-held.png'), fullPage: true });
  await page.getByRole('button', { name: 'Behave again' }).click();
  await row(program).filter({ hasText: 'up to date' }).waitFor();
  assert.equal(await figure(program, 'waiting').innerText(), '0');
  program.go();
  await figure(program, 'delivered').getByText('5', { exact: true }).waitFor();
  // What a program that died has left waits for the next one.
  await page.getByRole('button', { name: '503 until cleared' }).click();
  const crashed = startProgram(server.url, spool, 'new', 'log:2', 'wait');
  await row(crashed).filter({ hasText: 'cannot deliver' }).waitFor();
  await crashed.stop();
  await program.stop();
  await row(crashed).filter({ hasText: 'left behind' }).filter({ hasText: 'The next logger' }).filter({ hasText: '503' }).waitFor();
  assert.match(await figure(crashed, 'waiting').innerText(), /^2\s/);
  assert.equal(await row(program).count(), 0);
  await page.getByRole('button', { name: 'Behave again' }).click();
  const next = startProgram(server.url, spool, 'new', 'wait');
  await row(crashed).waitFor({ state: 'detached' });
  await figure(next, 'delivered').getByText('2', { exact: true }).waitFor();
  await next.stop();
  await done();
});

test('what does my program do when the service answers 429', async () => {
  const { page, go, done } = await visit();
  await go('/');
  await page.getByRole('link', { name: 'Delivery' }).click();
  await page.getByRole('button', { name: '429 for five requests' }).click();
  await page.locator('.set', { hasText: 'fail 429:5' }).waitFor();
  const before = await page.locator('.attempts .badge.bad', { hasText: '429' }).count();
  const program = startProgram(server.url, spool, 'new', 'log:1', 'wait');
  const row = page.locator('.loggers .row', { hasText: `process ${program.pid} to ${server.url}, outage` });
  await row.filter({ hasText: '429' }).filter({ hasText: 'next attempt' }).waitFor();
  await page.screenshot({ path: join(process.env.SCREENSHOTS, 'task-429.png') });
  await row.filter({ hasText: 'up to date' }).waitFor();
  assert.equal(await page.locator('.attempts .badge.bad', { hasText: '429' }).count(), before + 5);
  assert.match(await page.locator('.attempts .row').first().innerText(), /200/);
  await page.locator('.set').waitFor({ state: 'detached' });
  await program.stop();
  await done();
});

test('a picture that was attached is shown, and an upload that is no picture is a file to save', async () => {
  const sender = new Sender(server.url, 'pictures');
  const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGP8z8DAwMDAxMDAwMDAAAANHQEDasKb6QAAAABJRU5ErkJggg==', 'base64');
  const put = (key, type, body) => fetch(`${server.url}/upload/${key}`, { method: 'PUT', headers: { 'content-type': type }, body });
  await put('pictures/a.png', 'image/png', png);
  await put('pictures/b.svg', 'image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
  sender.say('trace', 'pics', 'create', { name: 'with pictures' });
  sender.say('trace', 'pics', 'add-attachment', { id: 'a', name: 'a.png', mimeType: 'image/png', key: 'pictures/a.png' });
  sender.say('trace', 'pics', 'add-attachment', { id: 'b', name: 'b.svg', mimeType: 'image/svg+xml', key: 'pictures/b.svg' });
  await sender.send();
  const { page, go, done } = await visit();
  await go('/trace/pictures/pics');
  const picture = page.locator('#detail img.picture');
  await picture.scrollIntoViewIfNeeded();
  await page.waitForFunction(() => document.querySelector('#detail img.picture')?.naturalWidth === 2);
  assert.equal(await picture.count(), 1);
  const saved = await fetch(`${server.url}/attachment?key=pictures%2Fb.svg`);
  assert.match(saved.headers.get('content-disposition'), /attachment/);
  assert.equal(saved.headers.get('content-type'), 'application/octet-stream');
  await done();
});

test('a program that speaks OpenTelemetry is seen as one that logs lines', async () => {
  const attribute = (key, value) => ({ key, value: typeof value === 'number' ? { intValue: `${value}` } : { stringValue: value } });
  const span = (spanId, parentSpanId, name, attributes) => ({ traceId: '0af7651916cd43dd8448eb211c80319c', spanId, parentSpanId, name, startTimeUnixNano: `${Date.now()}000000`, endTimeUnixNano: `${Date.now() + 900}000000`, attributes });
  const spans = [
    span('b7ad6b7169203332', 'b7ad6b7169203331', 'chat gpt-4o', [attribute('gen_ai.operation.name', 'chat'), attribute('gen_ai.request.model', 'gpt-4o'), attribute('gen_ai.usage.input_tokens', 812), attribute('gen_ai.usage.output_tokens', 96), attribute('gen_ai.output.messages', '[{"role":"assistant","parts":[{"type":"text","content":"Hello from a span"}]}]')]),
    span('b7ad6b7169203331', '', 'GET /ask', [attribute('http.route', '/ask')]),
  ];
  const answer = await fetch(`${server.url}/v1/traces`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ resourceSpans: [{ resource: { attributes: [attribute('service.name', 'web')] }, scopeSpans: [{ scope: { name: 'x' }, spans }] }] }) });
  assert.equal(answer.status, 200);
  const { page, go, done } = await visit();
  await go('/?q=Hello');
  await page.getByRole('link', { name: 'GET /ask' }).click();
  await page.locator('.span-row', { hasText: 'chat gpt-4o' }).click();
  await page.locator('#detail', { hasText: 'Hello from a span' }).waitFor();
  await page.screenshot({ path: join(process.env.SCREENSHOTS, 'otlp.png') });
  await done();
});

test('a name stays visible however deep it is', async () => {
  const sender = new Sender(server.url, 'deep');
  sender.say('trace', 'deep', 'create', { name: 'a trace that is deep' });
  for (let n = 1; n <= 60; n++) sender.say(n === 1 ? 'trace' : 'span', n === 1 ? 'deep' : `s${n - 1}`, 'add-span', { id: `s${n}`, name: `step number ${n}` });
  await sender.send();
  for (const width of [360, 800, 1400]) {
    const { page, go, done } = await visit({ viewport: { width, height: 860 } });
    await go('/trace/deep/deep');
    const titles = await page.locator('.span-row .title').evaluateAll((all) => all.map((title) => title.getBoundingClientRect().width));
    assert.equal(titles.length, 61);
    assert.ok(Math.min(...titles) >= 40, `${Math.min(...titles)} px at ${width}`);
    await page.screenshot({ path: join(process.env.SCREENSHOTS, `deep-${width}.png`) });
    await done();
  }
});

const PLACES = {
  traces: '/?q=-long+-live+-evil', trace: '/trace/assistant/invoice?at=tool_call:invoice-tool', generation: '/trace/assistant/refund-a?at=generation:refund-a-gen',
  generations: '/generations?sort=cost&q=repo:assistant', session: '/session/assistant/support-ada', sessions: '/sessions', logs: '/logs', flow: '/flow/payment-7', flows: '/flows', errors: '/errors',
  compare: '/compare?id=assistant%2Ftrace%2Frefund-a&id=assistant%2Ftrace%2Frefund-b', delivery: '/delivery', transfer: '/transfer',
};

for (const colorScheme of ['light', 'dark']) {
  for (const width of [400, 800, 1400]) {
    test(`every page fits ${width} pixels, ${colorScheme}, without a serious fault that axe finds`, async () => {
      // The checker comes in from outside of the page, which the page's own policy would not let it.
      const { page, go, done } = await visit({ colorScheme, viewport: { width, height: 860 }, bypassCSP: true });
      for (const [name, path] of Object.entries(PLACES)) {
        await go(path);
        await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}-${width}-${colorScheme}.png`) });
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${name} is wider than ${width}`);
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }));
        const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
        assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 160)} ${nodes[0].failureSummary}`), [], name);
      }
      await done();
    });
  }
}
