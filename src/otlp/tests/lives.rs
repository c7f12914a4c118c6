//! Lives that end anywhere: what has been put down, put back and acknowledged by then is all that the next one finds.
//!
//! A model of the two spools: each life has a queue of its own, which the next one takes over with those before it,
//! the oldest first. A batch comes from its own queue or from theirs. Whatever happens, the spans that leave are those
//! of one life that is never disturbed; nothing is given up as incomplete for it, and nothing stays behind.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::super::fold::OtherLives;
use super::super::names::{gen_ai, own};
use super::*;

/// Span, parent and trace.
type SpanPlace = ([u8; 8], Option<[u8; 8]>, [u8; 16]);

fn place(span: &OtlpSpan<'_>) -> SpanPlace {
    (span.span_id, span.parent, span.trace_id)
}

/// One thing that happens.
#[derive(Clone, Debug)]
enum LifeStep {
    /// The program logs so many lines.
    Log(usize),
    /// So many records are folded, of its own queue or of the others'.
    Fold(bool, usize),
    /// The same, and so many steps of passing on later the process is killed.
    Killed(bool, usize, usize),
}

fn steps() -> impl Strategy<Value = Vec<LifeStep>> {
    let step = prop_oneof![
        3 => (1..12usize).prop_map(LifeStep::Log),
        4 => (any::<bool>(), 1..20usize).prop_map(|(own, size)| LifeStep::Fold(own, size)),
        2 => (any::<bool>(), 0..20usize, 0..40usize).prop_map(|(own, size, at)| LifeStep::Killed(own, size, at)),
    ];
    prop::collection::vec(step, 1..40)
}

/// What survives a life.
#[derive(Default)]
struct World {
    queues: BTreeMap<usize, VecDeque<Vec<u8>>>,
    left: Vec<Out>,
    lives: usize,
    /// What has happened, for whoever has to find out why.
    story: Vec<String>,
}

struct Life {
    number: usize,
    folder: Folder,
}

impl World {
    fn begin(&mut self) -> Life {
        self.lives += 1;
        let folder = Folder::named(
            &self.lives.to_string(),
            FoldOptions { incomplete_after: Duration::from_secs(3_600) },
        );
        self.queues.retain(|_, queue| !queue.is_empty());
        self.queues.insert(self.lives, VecDeque::new());
        Life { number: self.lives, folder }
    }

    fn others(&self, life: &Life) -> usize {
        self.queues.iter().filter(|(number, _)| **number != life.number).map(|(_, queue)| queue.len()).sum()
    }

    /// The queue that a batch comes from.
    fn source(&self, life: &Life, own: bool) -> Option<usize> {
        let mut waiting = self.queues.iter().filter(|(_, queue)| !queue.is_empty());
        waiting.find(|(number, _)| (**number == life.number) == own).map(|(number, _)| *number)
    }

    /// Folds a batch, and passes it on in no more than so many steps.
    fn fold(&mut self, life: &mut Life, own: bool, size: usize, mut most: usize) {
        let Some(source) = self.source(life, own) else { return };
        let batch: Vec<Vec<u8>> = self.queues[&source].iter().take(size).cloned().collect();
        self.story.push(format!("life {} reads of {source}: {}", life.number, shown(&batch)));
        let wait = self.others(life) > if own { 0 } else { batch.len() };
        life.folder.set_others(OtherLives { are_read: !own, wait, are_ready: wait });
        for record in &batch {
            life.folder.line(record, NOW).unwrap();
        }
        life.folder.expire(NOW);
        let records: Vec<Vec<u8>> =
            life.folder.changed().into_iter().filter_map(|kept| kept.record).collect();
        self.story.push(format!("  keeps {}; may do {most} steps", shown(&records)));
        let mut may = || most.checked_sub(1).map(|rest| most = rest).is_some();
        for out in life.folder.take() {
            if !may() {
                return;
            }
            self.left.push(out);
        }
        for record in records {
            if !may() {
                return;
            }
            self.queues.get_mut(&life.number).unwrap().push_back(record);
        }
        if may() {
            // At once, as it is of one segment.
            self.queues.get_mut(&source).unwrap().drain(..batch.len());
        }
    }
}

/// Records in a few words.
fn shown(records: &[Vec<u8>]) -> String {
    let short = |record: &Vec<u8>| {
        let text = String::from_utf8_lossy(record);
        let short = text.replace("\"seen_ns\":1800000000000000000,\"touched_ns\":1800000000000000000,", "");
        short.split(",\"startTimestamp").next().unwrap().to_owned()
    };
    records.iter().map(short).collect::<Vec<_>>().join(" ")
}

/// Conversations that go on side by side.
fn program() -> Vec<String> {
    let at = |second: usize| format!("2026-11-21T02:31:{second:02}.000001+00:00");
    let one = |n: usize| {
        let (trace, span, inner) = (format!("t{n}"), format!("s{n}"), format!("i{n}"));
        let (call, tool) = (format!("g{n}"), format!("c{n}"));
        let mut lines = vec![
            line(
                "trace",
                &trace,
                "create",
                json!({"name": "trace", "sessionId": format!("session-{n}"), "startTimestamp": at(0)}),
            ),
            line("trace", &trace, "add-span", json!({"id": span, "name": "span", "startTimestamp": at(1)})),
            line("span", &span, "add-span", json!({"id": inner, "name": "inner", "startTimestamp": at(2)})),
            line(
                "span",
                &inner,
                "add-generation",
                json!({"id": call, "model": "m", "startTimestamp": at(3)}),
            ),
            line("span", &inner, "add-tool-call", json!({"id": tool, "name": "w", "startTimestamp": at(4)})),
            line("trace", &trace, "add-tag", json!({"tags": {"a": "b"}})),
            line("generation", &call, "end", json!({"endTimestamp": at(5)})),
            line("tool_call", &tool, "end", json!({"endTimestamp": at(6)})),
            line("span", &inner, "end", json!({"endTimestamp": at(7)})),
            line("span", &span, "end", json!({"endTimestamp": at(8)})),
            line("trace", &trace, "end", json!({"endTimestamp": at(9)})),
        ];
        if n % 2 == 1 {
            // Children may end after those that they are below.
            lines.swap(6, 10);
            lines.swap(7, 9);
        }
        lines
    };
    // Three at a time, each a few lines behind the one before it.
    let mut lines: Vec<(usize, String)> = Vec::new();
    for n in 0..6 {
        lines.extend(one(n).into_iter().enumerate().map(|(at, line)| (at * 3 + n * 16, line)));
    }
    lines.sort_by_key(|(at, _)| *at);
    lines.into_iter().map(|(_, line)| line).collect()
}

fn live(steps: &[LifeStep]) -> Result<(), TestCaseError> {
    let mut lines = VecDeque::from(program());
    let whole = spans(fold(&program()));
    let expected: BTreeSet<SpanPlace> = whole.iter().map(place).collect();
    let mut world = World::default();
    let mut life = world.begin();
    let log = |world: &mut World, life: &Life, lines: &mut VecDeque<String>, count: usize| {
        let count = count.min(lines.len());
        let queue = world.queues.get_mut(&life.number).unwrap();
        queue.extend(lines.drain(..count).map(String::into_bytes));
    };
    for step in steps {
        match *step {
            LifeStep::Log(count) => log(&mut world, &life, &mut lines, count),
            LifeStep::Fold(own, size) => world.fold(&mut life, own, size, usize::MAX),
            LifeStep::Killed(own, size, at) => {
                world.fold(&mut life, own, size, at);
                life = world.begin();
            }
        }
    }
    log(&mut world, &life, &mut lines, usize::MAX);
    for _ in 0..world.lives + 8 {
        world.fold(&mut life, true, usize::MAX, usize::MAX);
        world.fold(&mut life, false, usize::MAX, usize::MAX);
    }
    let waiting: Vec<String> =
        world.queues.values().flatten().map(|record| String::from_utf8_lossy(record).into_owned()).collect();
    prop_assert!(waiting.is_empty(), "these come round for ever: {waiting:#?}\n{}", world.story.join("\n"));
    let story = world.story.join("\n");
    prop_assert_eq!(life.folder.open(), 0, "{}", story);
    let left = spans(world.left);
    let seen: BTreeSet<SpanPlace> = left.iter().map(place).collect();
    prop_assert_eq!(&seen, &expected, "{}", story);
    for span in &left {
        prop_assert!(attribute(&span.attributes, own::INCOMPLETE).is_none(), "{span:#?}\n{story}");
        let same = whole.iter().find(|same| same.span_id == span.span_id).unwrap();
        prop_assert_eq!((span.start_ns, span.end_ns, &span.name), (same.start_ns, same.end_ns, &same.name));
        let session = |span: &OtlpSpan<'static>| text(&span.attributes, gen_ai::SESSION).to_owned();
        prop_assert_eq!(session(span), session(same), "{}", story);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lives_that_end_anywhere_let_the_same_spans_leave_and_leave_nothing_behind(steps in steps()) {
        live(&steps)?;
    }
}
