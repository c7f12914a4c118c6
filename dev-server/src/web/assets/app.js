// What moves on the pages: live lists, keys, the search's completion, long traces, and the switches of delivery.
// Every page works without it, but for what it adds; all markup comes from the server, and no text becomes markup here.
'use strict';

const $ = (selector, from = document) => from.querySelector(selector);
const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
const address = (changes) => {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(changes)) url.searchParams.set(name, value);
  return url;
};
const markupOf = async (url) => {
  const answer = await fetch(url, { headers: { accept: 'text/html' } });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return answer.text();
};

// ---- Live lists: the server tells that something came, and the rows are fetched again.

const live = {
  target: $('[data-live]'),
  button: $('[data-pause]'),
  isPaused: false, isBusy: false, isStale: false,
  async refresh() {
    if (this.isPaused || this.isBusy || document.hidden) { this.isStale = true; return; }
    this.isBusy = true;
    this.isStale = false;
    try {
      const kind = this.target.dataset.live;
      if (kind === 'tree') await tree.refresh();
      else await this.swap(await markupOf(address({ fragment: kind })));
    } catch { this.isStale = true; }
    this.isBusy = false;
    setTimeout(() => { if (this.isStale) this.refresh(); }, 500);
  },
  async swap(text) {
    const target = this.target.tagName === 'TABLE' ? $('tbody', this.target) : this.target;
    const chosen = rows.key();
    const marked = new Set($$('input:checked', target).map((input) => input.value));
    const open = new Set($$('details[open]', target).map((details) => details.closest('[id]')?.id));
    const focused = document.activeElement?.getAttribute?.('href');
    target.innerHTML = text;
    for (const input of $$('input[type=checkbox]', target)) input.checked = marked.has(input.value);
    for (const details of $$('details', target)) if (open.has(details.closest('[id]')?.id)) details.open = true;
    if (target.childElementCount) for (const empty of $$('.empty')) empty.hidden = true;
    rows.choose(chosen);
    if (focused && !document.activeElement?.getAttribute('href')) $(`a[href="${CSS.escape(focused)}"]`, target)?.focus({ preventScroll: true });
  },
  pause() {
    if (!this.button) return;
    this.isPaused = !this.isPaused;
    this.button.setAttribute('aria-pressed', this.isPaused);
    $('.label', this.button).textContent = this.isPaused ? 'Held' : 'Live';
    if (!this.isPaused && this.isStale) this.refresh();
  },
  // From the place at which the page was made, so that nothing falls between the page and the connection.
  start() {
    if (!this.target || new URL(location.href).searchParams.has('from')) return;
    this.button?.addEventListener('click', () => this.pause());
    const source = new EventSource(`/live?since=${document.body.dataset.since}`);
    source.onmessage = (message) => { this.button?.classList.remove('lost'); if (message.data !== '0') this.refresh(); };
    source.onerror = () => this.button?.classList.add('lost');
    document.addEventListener('visibilitychange', () => { if (!document.hidden && this.isStale) this.refresh(); });
    if (location.pathname === '/delivery') setInterval(() => this.refresh(), 1000);
  },
};

// ---- Rows: j and k, and what is marked to be compared.

const rows = {
  at: -1,
  all: () => $$('.row'),
  key() { const row = this.all()[this.at]; return row && (row.getAttribute('href') || $('a', row)?.getAttribute('href')); },
  choose(key) {
    const all = this.all();
    this.at = key ? all.findIndex((row) => (row.getAttribute('href') || $('a', row)?.getAttribute('href')) === key) : this.at;
    all.forEach((row, at) => row.classList.toggle('at', at === this.at));
  },
  move(step) {
    const all = this.all();
    if (!all.length) return;
    if (this.at < 0) this.at = all.findIndex((row) => row.getAttribute('aria-current') === 'true');
    this.at = Math.max(0, Math.min(all.length - 1, this.at + step));
    this.choose();
    const row = all[this.at];
    row.scrollIntoView({ block: 'nearest' });
    const link = row.matches('a') ? row : $('a, summary', row);
    link?.focus({ preventScroll: true });
    if (row.matches('.span-row')) tree.open(row, false);
  },
  mark() {
    const box = $('input[type=checkbox]', this.all()[this.at] ?? document.createElement('i'));
    if (!box) return;
    box.checked = !box.checked;
    const marked = $$('input[name=id]:checked');
    if (marked.length === 2) location.href = `/compare?${new URLSearchParams(marked.map((input) => ['id', input.value]))}`;
  },
};

// ---- A trace: the chosen part beside the rows, and rows in pieces.

const ROW_HEIGHT = 34;
const tree = {
  box: $('.rows[data-total]'),
  async open(row, doesFocus) {
    for (const other of $$('.span-row[aria-current]')) other.removeAttribute('aria-current');
    row.setAttribute('aria-current', 'true');
    history.replaceState(null, '', row.getAttribute('href'));
    const url = address({ fragment: 'detail' });
    const text = await markupOf(url).catch(() => null);
    if (text === null || location.pathname + location.search !== row.getAttribute('href')) return;
    const detail = $('#detail');
    detail.innerHTML = text;
    detail.scrollTop = 0;
    if (doesFocus) detail.focus();
  },
  async load(piece) {
    if (piece.dataset.loaded !== undefined || piece.dataset.busy) return;
    piece.dataset.busy = '1';
    const text = await markupOf(address({ rows: piece.dataset.from })).catch(() => null);
    delete piece.dataset.busy;
    if (text === null) return;
    piece.innerHTML = text;
    const inner = piece.firstElementChild;
    if (inner?.matches('.piece')) piece.replaceChildren(...inner.childNodes);
    piece.dataset.loaded = '';
    this.size(piece);
  },
  size(piece) {
    const isLoaded = piece.dataset.loaded !== undefined;
    piece.style.height = isLoaded ? '' : `${piece.dataset.count * ROW_HEIGHT}px`;
  },
  // Rows that are far away are let go of, so that a long trace does not become slow.
  release(piece) {
    if ($$('.piece').length < 4 || piece.contains(document.activeElement) || piece.dataset.loaded === undefined) return;
    piece.replaceChildren();
    delete piece.dataset.loaded;
    this.size(piece);
  },
  watch() {
    this.near?.disconnect();
    this.near = new IntersectionObserver((seen) => {
      for (const { target, isIntersecting } of seen) if (isIntersecting) this.load(target); else this.release(target);
    }, { root: this.box, rootMargin: '1500px 0px' });
    for (const piece of $$('.piece', this.box)) { this.size(piece); this.near.observe(piece); }
  },
  async refresh() {
    const text = await markupOf(address({ fragment: 'tree' }));
    if (text === this.last) return;
    this.last = text;
    // Only now: who looks may have gone on while it was fetched.
    const place = this.box.scrollTop;
    const chosen = rows.key();
    this.box.innerHTML = text;
    this.watch();
    this.box.scrollTop = place;
    rows.choose(chosen);
  },
  start() {
    if (!this.box) return;
    this.watch();
    $('.span-row[aria-current]')?.scrollIntoView({ block: 'center' });
    window.scrollTo(0, 0);
    this.box.addEventListener('click', (event) => {
      const row = event.target.closest('.span-row');
      if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      rows.at = rows.all().indexOf(row);
      rows.choose();
      this.open(row, false);
    });
  },
};

// ---- The search: keys and values that go on with what is typed.

const search = {
  input: $('#q'), list: $('#completions'), chosen: -1, found: [],
  word() {
    const before = this.input.value.slice(0, this.input.selectionStart);
    return before.match(/(?:[^\s"]|"[^"]*"?)*$/)[0];
  },
  async suggest() {
    const word = this.word();
    const mine = this.asked = {};
    // Until the answer comes, what was offered and still goes on with what is typed.
    this.offer(this.found.filter(({ text }) => text.includes(word.replace(/^-/, ''))));
    const answer = await fetch(`/complete?word=${encodeURIComponent(word)}`).catch(() => null);
    if (!answer?.ok || mine !== this.asked) return;
    this.offer(await answer.json());
  },
  offer(found) {
    // What was chosen stays so.
    const chosen = this.found[this.chosen]?.text;
    this.found = found;
    this.chosen = found.findIndex(({ text }) => text === chosen);
    this.list.replaceChildren(...found.map(({ text, help }, at) => {
      const item = document.createElement('li');
      item.id = `completion-${at}`;
      item.setAttribute('role', 'option');
      item.setAttribute('aria-selected', at === this.chosen);
      for (const part of [text, help]) { const span = document.createElement('span'); span.textContent = part; item.append(span); }
      item.addEventListener('mousedown', (event) => { event.preventDefault(); this.take(at); });
      return item;
    }));
    this.show(found.length > 0 && document.activeElement === this.input);
  },
  show(isShown) {
    this.list.hidden = !isShown;
    this.input.setAttribute('aria-expanded', isShown);
    if (isShown && this.chosen >= 0) this.input.setAttribute('aria-activedescendant', `completion-${this.chosen}`);
    else this.input.removeAttribute('aria-activedescendant');
  },
  pick(step) {
    // Up from none is the last one.
    const from = this.chosen < 0 && step < 0 ? 0 : this.chosen;
    this.chosen = (from + step + this.found.length) % this.found.length;
    $$('li', this.list).forEach((item, at) => item.setAttribute('aria-selected', at === this.chosen));
    this.show(true);
    $(`#completion-${this.chosen}`).scrollIntoView({ block: 'nearest' });
  },
  take(at) {
    const { text, done } = this.found[at];
    const word = this.word();
    const start = this.input.selectionStart - word.length;
    const dash = word.startsWith('-') ? '-' : '';
    const after = this.input.value.slice(this.input.selectionStart);
    const put = dash + text + (done && !after.startsWith(' ') ? ' ' : '');
    this.input.value = this.input.value.slice(0, start) + put + after;
    this.input.setSelectionRange(start + put.length, start + put.length);
    this.chosen = -1;
    this.suggest();
  },
  key(event) {
    if (event.key === 'Escape') { if (!this.list.hidden) { event.preventDefault(); this.show(false); } else this.input.blur(); return; }
    if (this.list.hidden || !this.found.length) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') { event.preventDefault(); this.pick(event.key === 'ArrowDown' ? 1 : -1); }
    else if (event.key === 'Tab' && !event.shiftKey && this.word()) { event.preventDefault(); this.take(Math.max(0, this.chosen)); }
    else if (event.key === 'Enter' && this.chosen >= 0) { event.preventDefault(); this.take(this.chosen); }
  },
  start() {
    this.input.addEventListener('input', () => this.suggest());
    this.input.addEventListener('focus', () => this.suggest());
    this.input.addEventListener('blur', () => this.show(false));
    this.input.addEventListener('keydown', (event) => this.key(event));
  },
};

// ---- Delivery and import.

const control = async (change, target = '/control') => {
  const answer = await fetch(target, { method: 'POST', body: JSON.stringify(change) });
  const problem = $('#control-problem');
  problem.hidden = answer.ok;
  if (!answer.ok) problem.textContent = (await answer.json()).error.message;
  live.refresh();
};

function startForms() {
  for (const button of $$('[data-control]')) button.addEventListener('click', () => control(JSON.parse(button.dataset.control)));
  $('[data-control-clear]')?.addEventListener('click', async () => {
    const set = await (await fetch('/control')).json();
    await control(Object.fromEntries(Object.keys(set).filter((name) => name !== 'seed').map((name) => [name, null])));
  });
  for (const form of $$('[data-control-name]')) {
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const input = $('input', form);
      control({ [form.dataset.controlName]: input ? input.value || null : true });
    });
  }
  $('#import')?.addEventListener('submit', async (event) => {
    event.preventDefault();
    const result = $('#import-result');
    const answer = await fetch('/import', { method: 'POST', body: $('#import input').files[0] });
    result.textContent = answer.ok ? imported(await answer.json()) : `Nothing was imported: ${reason(await answer.text()) ?? answer.status}`;
  });
}

// Why a request was refused, in JSON or as a page.
function reason(text) {
  try {
    return JSON.parse(text).error.message;
  } catch {
    return new DOMParser().parseFromString(text, 'text/html').querySelector('.empty, body')?.textContent;
  }
}

function imported({ imported, left_out }) {
  return `${imported} lines are in.${left_out ? ` ${left_out} others of the file are no records.` : ''}`;
}

// ---- Keys.

document.addEventListener('keydown', (event) => {
  const isTyping = event.target.matches?.('input:not([type=checkbox]), textarea');
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey || $('dialog[open]')) return;
  const act = {
    j: () => rows.move(1), k: () => rows.move(-1), c: () => rows.mark(), p: () => live.pause(),
    '/': () => { search.input.focus(); search.input.select(); },
    u: () => { const up = $('[data-up]') ?? $('.crumbs a'); if (up) location.href = up.href; },
    '?': () => $('#help').showModal(),
  }[event.key];
  if (act) { event.preventDefault(); act(); }
});

live.start();
tree.start();
search.start();
startForms();
