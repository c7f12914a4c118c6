// What the Node peers share: the command line `PROGRAM URL latency|throughput COUNT`, the timing of calls by
// process.hrtime, and the lines that benches/run.py reads.

export const [url, what] = process.argv.slice(2);
const count = Number(process.argv[4]);

// Calls that come back to back leave no room for what a library does on the event loop: after each of these
// many, it gets a turn. That turn is not measured in the latency, and is in the throughput.
const TURN = 1000;
const turn = () => new Promise((done) => setImmediate(done));

// A chat completion of 2 KB, as a program has it in its hands: see benches/workload.h.
export const completion = {
  id: 'chatcmpl-9x', object: 'chat.completion', created: 1767323045, model: 'gpt-4o-2024-08-06',
  choices: [{
    index: 0,
    message: {
      role: 'assistant', refusal: null,
      content: 'Take an umbrella: it rains from noon, says "Yr", and clears at six.\n'.repeat(21),
    },
    logprobs: null, finish_reason: 'stop',
  }],
  usage: { prompt_tokens: 31, completion_tokens: 417, total_tokens: 448 },
};

/** Times each call; `empty` is what that alone costs. */
export async function latency(name, call) {
  const samples = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const start = process.hrtime.bigint();
    call(i);
    samples[i] = Number(process.hrtime.bigint() - start);
    if (i % TURN === 0) await turn();
  }
  samples.sort();
  const at = (share) => samples[Math.floor((count - 1) * share)];
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / count;
  console.log(`latency ${name} p50=${at(0.5)} p99=${at(0.99)} p99.9=${at(0.999)} max=${at(1)} mean=${mean.toFixed(0)} calls=${count}`);
}

/** Makes all calls, lets the library send what it has, and says what it took. */
export async function throughput(name, call, flush) {
  const firstUs = Date.now() * 1000;
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) {
    call(i);
    if (i % TURN === 0) await turn();
  }
  await flush();
  const used = process.cpuUsage(before);
  const cpu = (used.user + used.system) / 1e6;
  console.log(`throughput ${name} first_us=${firstUs} cpu_s=${cpu.toFixed(3)} peak_kb=${process.resourceUsage().maxRSS}`);
}
