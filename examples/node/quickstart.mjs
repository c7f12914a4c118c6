// An agent's conversation, logged with libmaxim: the same as examples/c/quickstart.c.
//
//     make lib server && make -C bindings/node && node examples/node/quickstart.mjs
//
// Without configuration it talks to a local maxim-dev. Set MAXIM_BASE_URL, MAXIM_API_KEY and
// MAXIM_LOG_REPO_ID to log to your own repository. In a program of your own: import … from 'libmaxim'.

import { setTimeout as work } from 'node:timers/promises';
import { Logger } from '../../bindings/node/index.mjs';

const logger = new Logger({
  baseUrl: process.env.MAXIM_BASE_URL ?? 'http://127.0.0.1:8899',
  apiKey: process.env.MAXIM_API_KEY ?? 'local-development',
  id: process.env.MAXIM_LOG_REPO_ID ?? 'quickstart',
  onError: (error) => console.error(`${error.code}: ${error.message}`),
});

// First turn: the model asks for a tool, then answers.
async function askForWeather() {
  const question = 'Do I need an umbrella in Oslo today?';
  await logger.withTrace({ name: 'weather question', input: question }, async (trace) => {
    await logger.withSpan({ name: 'agent step', tags: { step: '1', agent: 'weather' } }, async (span) => {
      const generation = span.generation({
        name: 'choose a tool',
        provider: 'openai',
        model: 'gpt-4o',
        messages: [
          { role: 'system', content: 'You are a helpful assistant.' },
          { role: 'user', content: question },
        ],
        modelParameters: { temperature: 0.2, max_tokens: 256 },
      });
      await work(30);
      const call = { id: 'call_oslo', type: 'function', function: { name: 'forecast', arguments: '{"city":"Oslo"}' } };
      generation.result({
        id: 'chatcmpl-1',
        object: 'chat.completion',
        created: 1767323045,
        model: 'gpt-4o-2024-08-06',
        choices: [
          {
            index: 0,
            message: { role: 'assistant', content: null, tool_calls: [call] },
            logprobs: null,
            finish_reason: 'tool_calls',
          },
        ],
        usage: { prompt_tokens: 31, completion_tokens: 17, total_tokens: 48 },
      });

      const { name, arguments: args } = call.function;
      const tool = span.toolCall({ id: call.id, name, description: 'Weather forecast for a city', args });
      await work(12);
      tool.result('rain from noon, 9 degrees');
    });
    trace.output('Yes: it rains from noon.');
    trace.feedback({ score: 5, comment: 'stayed dry' });
  });
}

// Second turn: documents are looked up, and the model is not to be reached.
async function askForRules() {
  const input = 'May I take the umbrella on the plane?';
  await logger.withTrace({ name: 'question about rules', input }, async (trace) => {
    const lookup = trace.retrieval({ name: 'airline rules' });
    lookup.input('umbrella cabin baggage');
    await work(8);
    lookup.output(['Umbrellas up to 60 cm are allowed in the cabin.', 'Sharp tips must be covered.']);

    const generation = trace.generation({ name: 'answer', provider: 'anthropic', model: 'claude-sonnet-4' });
    await work(20);
    const failure = { message: 'the provider is overloaded', code: '529', type: 'overloaded_error' };
    generation.error(failure);
    trace.error(failure);
    trace.event('fallback answer', { source: 'template' });
    trace.output('Please ask again in a minute.');
  });
}

await logger.withSession({ name: 'travel assistant', tags: { user: 'ada', channel: 'web' } }, async () => {
  await askForWeather();
  await askForRules();
});

// Sends what is held; whatever cannot be sent now waits in files for the next run.
await logger.flush(5000);
const { accepted, delivered, held } = logger.stats();
console.log(`logged ${accepted} records, delivered ${delivered}, held ${held}`);
await logger.close();
