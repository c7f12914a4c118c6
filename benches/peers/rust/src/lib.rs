//! What the Rust peers share: the command line `PROGRAM URL latency|throughput COUNT`, the timing of
//! calls, and the lines that benches/run.py reads. Times are `Instant`s, and `empty` shows their cost.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The same chat completion as in benches/workload.h, in length and kind.
pub fn chat_completion() -> String {
    let prose = "Take an umbrella: it rains from noon, says \\\"Yr\\\", and clears at six.\\n".repeat(21);
    format!(
        concat!(
            r#"{{"id":"chatcmpl-9x","object":"chat.completion","created":1767323045,"model":"gpt-4o-2024-08-06","#,
            r#""choices":[{{"index":0,"message":{{"role":"assistant","content":"{}","refusal":null}},"#,
            r#""logprobs":null,"finish_reason":"stop"}}],"#,
            r#""usage":{{"prompt_tokens":31,"completion_tokens":417,"total_tokens":448}}}}"#
        ),
        prose
    )
}

pub struct Arguments {
    pub url: String,
    pub is_throughput: bool,
    pub count: usize,
}

pub fn arguments() -> Arguments {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [url, what, count] = &words[..] else { panic!("usage: URL latency|throughput COUNT") };
    Arguments { url: url.clone(), is_throughput: what == "throughput", count: count.parse().unwrap() }
}

/// Times each call, and prints what they cost.
pub fn latency(name: &str, count: usize, mut call: impl FnMut()) {
    let mut samples = Vec::with_capacity(count);
    for _ in 0..count {
        let start = Instant::now();
        call();
        samples.push(start.elapsed().as_nanos());
    }
    samples.sort_unstable();
    let at = |share: f64| samples[((count - 1) as f64 * share) as usize];
    let mean = samples.iter().sum::<u128>() / count as u128;
    let (p50, p99, p999, max) = (at(0.5), at(0.99), at(0.999), at(1.0));
    println!("latency {name} p50={p50} p99={p99} p99.9={p999} max={max} mean={mean} calls={count}");
}

/// Makes the calls, waits for what they started, and prints when it began and what it took.
pub fn throughput(call: &str, count: usize, mut log: impl FnMut(usize), flush: impl FnOnce()) {
    let first_us = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
    let before = cpu_seconds();
    for i in 0..count {
        log(i);
    }
    flush();
    println!(
        "throughput {call} first_us={first_us} cpu_s={:.3} peak_kb={}",
        cpu_seconds() - before,
        peak_kb()
    );
}

/// User and system time of this process, from /proc in ticks of 10 ms.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
