// What the tests and the picture in the README show: an assistant's sessions, an agent's failures, application logs.

const iso = (ms) => new Date(ms).toISOString();

export class Sender {
  constructor(url, repo = 'assistant') {
    this.url = url;
    this.repo = repo;
    this.lines = [];
  }

  say(kind, id, action, data) {
    this.lines.push(`${kind}{id=${id},action=${action},data=${JSON.stringify(data)}}`);
    return this;
  }

  async send() {
    const body = this.lines.join('\n');
    this.lines = [];
    const answer = await fetch(`${this.url}/api/sdk/v3/log?id=${this.repo}`, {
      method: 'POST', headers: { 'x-maxim-api-key': 'test', 'user-agent': 'seed/1' }, body,
    });
    if (!answer.ok) throw new Error(`the log was answered ${answer.status}`);
  }

  async logs(entries) {
    const answer = await fetch(`${this.url}/v1/logs`, {
      method: 'POST', headers: { 'x-api-key': 'test', 'content-type': 'application/json' }, body: JSON.stringify({ logs: entries }),
    });
    if (!answer.ok) throw new Error(`the entries were answered ${answer.status}`);
  }
}

const chat = (content, input, output, cached = 0, calls) => ({
  id: 'chatcmpl-1', object: 'chat.completion',
  choices: [{ index: 0, finish_reason: calls ? 'tool_calls' : 'stop', message: { role: 'assistant', content, ...(calls && { tool_calls: calls }) } }],
  usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output, prompt_tokens_details: { cached_tokens: cached } },
});

export async function story(url, now = Date.now()) {
  const s = new Sender(url);
  s.say('session', 'support-ada', 'create', { name: 'Support: Ada', tags: { channel: 'web', customer: 'acme' }, startTimestamp: iso(now - 400000) });

  const question = (id, at, text, answer, model, took, extra = {}) => {
    s.say('trace', id, 'create', { name: 'answer question', sessionId: 'support-ada', input: text, tags: { customer: 'acme', ...extra }, startTimestamp: iso(at) });
    s.say('trace', id, 'add-span', { id: `${id}-plan`, name: 'plan', startTimestamp: iso(at + 4) });
    s.say('span', `${id}-plan`, 'add-retrieval', { id: `${id}-docs`, name: 'handbook', startTimestamp: iso(at + 20) });
    s.say('retrieval', `${id}-docs`, 'update', { input: text });
    s.say('retrieval', `${id}-docs`, 'end', { docs: ['Returns are free within 30 days.', 'Refunds go to the card that paid.'], endTimestamp: iso(at + 20 + took * 0.12) });
    s.say('span', `${id}-plan`, 'add-tool-call', { id: `${id}-order`, name: 'find_order', args: '{"customer":"acme","last":1}', startTimestamp: iso(at + 30 + took * 0.12) });
    s.say('tool_call', `${id}-order`, 'result', { result: '{"order":"A-1042","status":"delivered"}', endTimestamp: iso(at + 30 + took * 0.3) });
    s.say('span', `${id}-plan`, 'end', { endTimestamp: iso(at + 40 + took * 0.3) });
    s.say('trace', id, 'add-generation', {
      id: `${id}-gen`, name: 'write answer', provider: model.startsWith('claude') ? 'anthropic' : 'openai', model,
      modelParameters: { temperature: id.endsWith('b') ? 0.9 : 0.2, max_tokens: 512 },
      messages: [{ role: 'system', content: 'You help customers of a small shop. Be brief and kind.' }, { role: 'user', content: text }], startTimestamp: iso(at + 50 + took * 0.3),
    });
    s.say('generation', `${id}-gen`, 'result', { result: chat(answer, 812, 96, 512), endTimestamp: iso(at + took * 0.97) });
    s.say('generation', `${id}-gen`, 'end', { endTimestamp: iso(at + took * 0.97) });
    s.say('trace', id, 'update', { output: answer });
    s.say('trace', id, 'add-feedback', { score: 5, comment: 'quick and clear' });
    s.say('trace', id, 'end', { endTimestamp: iso(at + took) });
  };
  question('refund-a', now - 380000, 'How do I return a pair of shoes?', 'You can return them free of charge within 30 days. The refund goes back to your card.', 'gpt-4o', 2140);
  question('refund-b', now - 300000, 'How do I return a pair of shoes?', 'Returns are free within 30 days, and your refund goes back to the card you paid with. Shall I print a label?', 'gpt-4o-mini', 1310);
  question('size', now - 120000, 'Which size fits when I am between 42 and 43?', 'Take the 43: this model runs small.', 'claude-sonnet-4', 2950);

  const at = now - 60000;
  s.say('trace', 'invoice', 'create', { name: 'explain invoice', input: 'Why was I charged twice?', tags: { customer: 'globex' }, startTimestamp: iso(at) });
  s.say('trace', 'invoice', 'add-generation', { id: 'invoice-gen', name: 'choose a tool', provider: 'openai', model: 'gpt-4o', messages: [{ role: 'user', content: 'Why was I charged twice?' }], startTimestamp: iso(at + 10) });
  s.say('generation', 'invoice-gen', 'result', { result: chat(null, 410, 22, 0, [{ id: 'c1', type: 'function', function: { name: 'find_charges', arguments: '{"customer":"globex"}' } }]), endTimestamp: iso(at + 640) });
  s.say('trace', 'invoice', 'add-tool-call', { id: 'invoice-tool', name: 'find_charges', args: '{"customer":"globex"}', startTimestamp: iso(at + 650) });
  s.say('tool_call', 'invoice-tool', 'error', { error: { message: 'billing service timed out after 3 s', type: 'timeout' } });
  s.say('tool_call', 'invoice-tool', 'end', { endTimestamp: iso(at + 3650) });
  s.say('trace', 'invoice', 'add-error', { id: 'invoice-err', message: 'billing service timed out after 3 s', errorType: 'timeout' });
  s.say('trace', 'invoice', 'update', { output: 'I could not reach billing. A colleague will call you.' });
  s.say('trace', 'invoice', 'end', { endTimestamp: iso(at + 3700) });

  s.say('trace', 'digest', 'create', { name: 'weekly digest', input: 'Summarise 48 tickets', startTimestamp: iso(now - 4000) });
  s.say('trace', 'digest', 'add-generation', { id: 'digest-gen', name: 'summarise', provider: 'google', model: 'gemini-2.5-pro', messages: [{ role: 'user', content: 'Summarise 48 tickets' }], startTimestamp: iso(now - 3900) });
  await s.send();

  await s.logs([
    { level: 'info', message: 'request accepted', source: 'api', timestamp: now - 60050, data: { traceId: 'invoice', path: '/ask' }, tags: ['http'] },
    { level: 'warn', message: 'billing is slow', source: 'billing', timestamp: now - 58000, data: { traceId: 'invoice', ms: 2100 } },
    { level: 'error', message: 'billing service timed out', source: 'billing', timestamp: now - 56400, errorName: 'TimeoutError', errorStack: 'TimeoutError: 3 s\n    at charge (billing.js:12)', data: { traceId: 'invoice' } },
    { level: 'info', message: 'payment begun', flowId: 'payment-7', stepIndex: 0, timestamp: now - 30000, source: 'checkout' },
    { level: 'info', message: 'card authorised', flowId: 'payment-7', stepIndex: 1, timestamp: now - 29400, source: 'checkout' },
    { level: 'error', message: 'receipt was not sent', flowId: 'payment-7', stepIndex: 3, timestamp: now - 29000, source: 'mail', errorName: 'SmtpError' },
  ]);
}

/** A trace with that many spans, some of them deep. */
export async function longTrace(url, spans, id = 'long') {
  const s = new Sender(url);
  const at = Date.now() - spans;
  s.say('trace', id, 'create', { name: 'long run', startTimestamp: iso(at) });
  for (let n = 0; n < spans; n += 1) {
    const [kind, parent] = n % 10 ? ['span', `${id}-${n - (n % 10)}`] : ['trace', id];
    s.say(kind, parent, 'add-span', { id: `${id}-${n}`, name: `step ${n}`, startTimestamp: iso(at + n) });
    s.say('span', `${id}-${n}`, 'end', { endTimestamp: iso(at + n + 5) });
    if (s.lines.length > 2000) await s.send();
  }
  s.say('trace', id, 'end', { endTimestamp: iso(at + spans) });
  await s.send();
}
