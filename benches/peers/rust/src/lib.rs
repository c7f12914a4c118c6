//! What the Rust peers share: the command line `PROGRAM URL latency|throughput|threads COUNT`, the timing of
//! calls, and the lines that benches/run.py reads. Times are `Instant`s, and `empty` shows their cost.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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
    pub is_threads: bool,
    pub count: usize,
}

pub fn arguments() -> Arguments {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [url, what, count] = &words[..] else { panic!("usage: URL latency|throughput|threads COUNT") };
    Arguments {
        url: url.clone(),
        is_throughput: what == "throughput",
        is_threads: what == "threads",
        count: count.parse().unwrap(),
    }
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

/// Makes calls back to back from 1, 2, 4, 8 and 16 threads, in so many rounds of turns of a second (the environment's
/// TURN_MS), and prints what benches/threads.c prints of us, but for the context switches.
pub fn threads(rounds: usize, call: impl Fn() + Sync, between: impl Fn()) {
    const MEASURED: usize = 8;
    let length = std::env::var("TURN_MS").map_or(1_000, |text| text.parse().unwrap());
    let mut turns: Vec<(usize, Vec<[f64; 5]>)> = [1, 2, 4, 8, 16].map(|count| (count, Vec::new())).into();
    for _ in 0..rounds {
        for (count, of) in &mut turns {
            between();
            let (start, is_over) = (Barrier::new(*count + 1), AtomicBool::new(false));
            let (mut samples, mut calls, mut cpu_ns) = (Vec::new(), 0, 0);
            let began = std::thread::scope(|scope| {
                let work = || {
                    start.wait();
                    let (before, mut calls, mut samples) = (thread_cpu_ns(), 0, Vec::with_capacity(1 << 18));
                    while !is_over.load(Ordering::Relaxed) {
                        let first = Instant::now();
                        call();
                        samples.push(first.elapsed().as_nanos());
                        (1..MEASURED).for_each(|_| call());
                        calls += MEASURED;
                    }
                    (samples, calls, thread_cpu_ns() - before)
                };
                let all: Vec<_> = (0..*count).map(|_| scope.spawn(work)).collect();
                start.wait();
                let began = Instant::now();
                std::thread::sleep(Duration::from_millis(length));
                is_over.store(true, Ordering::Relaxed);
                for thread in all {
                    let (its_samples, its_calls, its_cpu_ns) = thread.join().unwrap();
                    samples.extend(its_samples);
                    calls += its_calls;
                    cpu_ns += its_cpu_ns;
                }
                began
            });
            let a_second = calls as f64 / began.elapsed().as_secs_f64();
            samples.sort_unstable();
            let at = |share: f64| samples[((samples.len() - 1) as f64 * share) as usize] as f64;
            of.push([a_second, at(0.5), at(0.99), at(0.999), cpu_ns as f64 / calls as f64]);
        }
    }
    let mut one = 0.0;
    for (count, of) in &mut turns {
        of.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let [a_second, p50, p99, p999, cpu] = of[of.len() / 2];
        one = if *count == 1 { a_second } else { one };
        println!(
            "threads {count} threads={count} calls_per_s={a_second:.0} p50={p50} p99={p99} p99.9={p999} cpu_ns={cpu:.1} ratio={:.2}",
            a_second / one
        );
    }
}

/// The processor's time of this thread.
fn thread_cpu_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split_whitespace().next().unwrap().parse().unwrap()
}
