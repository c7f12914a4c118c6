//! The spool against a model: whatever the order of events, what comes out is what went in.
//!
//! `PROPTEST_CASES` sets how many runs of events are tried.

use super::*;
use crate::spool::format::{
    CURSOR_AT, HEADER_AT, HEADER_LEN, HEADER_SIZE, Header, Opening, RECORD_HEADER, SEAL_AT, SEAL_LEN, Seal,
};
use crate::spool::{Overflow, SpoolStats};
use crate::sync::set_lane_hint;
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::RngSeed;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use std::path::PathBuf;

/// Runs of events that `cargo test` tries: a few seconds.
const CASES: u32 = 24;
/// The start of every record: `<instance:number>`, which is nowhere else in a file.
const MARK: usize = "<00000:0000000>".len();

/// What can happen to a spool.
#[derive(Clone, Debug)]
enum SpoolEvent {
    /// So many records of so many bytes each.
    Append(u8, u16),
    /// Take a batch, acknowledge a part of it (in 256ths), quarantine one more or not.
    Deliver(u8, bool),
    Spill,
    SpillAll,
    Upkeep,
    /// Threads meet: another lane is opened.
    OpenLane,
    /// It is asked which lanes are used.
    CloseLanes,
    /// Die, let something happen to the files, and come again.
    Crash(Vec<Damage>),
    /// End, let something happen to the files, and come again.
    Finish(Vec<Damage>),
    /// Something happens to a file in the spool directory while its owner lives.
    Damage(Damage),
}

/// What can happen to a file.
#[derive(Clone, Debug)]
struct Damage {
    file: Index,
    location: Index,
    how: How,
}

#[derive(Clone, Debug)]
enum How {
    /// A byte between the first record and the last is changed by this.
    Record(u8),
    /// A byte of the first page that means something is changed by this.
    Page(u8),
    Truncate,
}

fn damage() -> impl Strategy<Value = Damage> {
    let how = prop_oneof![
        4 => (1..=u8::MAX).prop_map(How::Record),
        2 => (1..=u8::MAX).prop_map(How::Page),
        1 => Just(How::Truncate),
    ];
    (any::<Index>(), any::<Index>(), how).prop_map(|(file, location, how)| Damage { file, location, how })
}

fn ordinary_event() -> impl Strategy<Value = SpoolEvent> {
    prop_oneof![
        6 => (0..=128_u8, 0..3000_u16).prop_map(|(count, size)| SpoolEvent::Append(count, size)),
        4 => (any::<u8>(), any::<bool>()).prop_map(|(part, poison)| SpoolEvent::Deliver(part, poison)),
        1 => Just(SpoolEvent::Spill),
        1 => Just(SpoolEvent::SpillAll),
        1 => Just(SpoolEvent::Upkeep),
        2 => Just(SpoolEvent::OpenLane),
        1 => Just(SpoolEvent::CloseLanes),
        1 => Just(SpoolEvent::Crash(Vec::new())),
        1 => Just(SpoolEvent::Finish(Vec::new())),
    ]
}

fn event_with_damage() -> impl Strategy<Value = SpoolEvent> {
    let some = || prop::collection::vec(damage(), 1..4);
    prop_oneof![
        12 => ordinary_event(),
        2 => some().prop_map(SpoolEvent::Crash),
        2 => some().prop_map(SpoolEvent::Finish),
        1 => damage().prop_map(SpoolEvent::Damage),
    ]
}

/// A record that was accepted and has not come out.
#[derive(Debug)]
struct Expected {
    record: Vec<u8>,
    /// Whether it has to come: it could not be evicted, and nothing has happened to its bytes.
    must_come: bool,
}

/// A spool, instance after instance, and what has to come out of it.
struct ModelRun {
    site: Site,
    options: Options,
    /// The present instance.
    life: Option<(Arc<Spool>, Reader)>,
    /// By the instance that accepted them, in order.
    expected: Vec<VecDeque<Expected>>,
    /// Records that may come once more, because their segment has lost its cursor.
    may_repeat: BTreeSet<Vec<u8>>,
    has_room: bool,
    is_harmed: bool,
    /// What earlier instances had counted.
    earlier: SpoolStats,
    accepted: u64,
    came: u64,
    lost: u64,
    repeated: u64,
    /// Whether what is left of damaged files tells how many records were lost.
    is_countable: bool,
}

impl ModelRun {
    fn new(has_room: bool, change: impl Fn(Options) -> Options) -> ModelRun {
        let site = Site::new();
        let options = Options { lanes: 4, ..change(site.options()) };
        ModelRun {
            site,
            life: Some(open(options.clone())),
            options,
            expected: vec![VecDeque::new()],
            may_repeat: BTreeSet::new(),
            has_room,
            is_harmed: false,
            earlier: SpoolStats::default(),
            accepted: 0,
            came: 0,
            lost: 0,
            repeated: 0,
            is_countable: true,
        }
    }

    fn spool(&self) -> &Spool {
        &self.life.as_ref().unwrap().0
    }

    fn reader(&mut self) -> &mut Reader {
        &mut self.life.as_mut().unwrap().1
    }

    fn happen(&mut self, event: &SpoolEvent) {
        match event {
            SpoolEvent::Append(count, size) => (0..*count).for_each(|_| self.append(usize::from(*size))),
            SpoolEvent::Deliver(part, poison) => drop(self.deliver(*part, *poison)),
            SpoolEvent::Spill => drop(self.reader().spill()),
            SpoolEvent::SpillAll => drop(self.reader().spool.spill_all()),
            SpoolEvent::Upkeep => self.reader().upkeep(),
            SpoolEvent::OpenLane => {
                let opened = self.spool().opened();
                self.spool().grow(opened);
            }
            SpoolEvent::CloseLanes => self.spool().close_lanes(),
            SpoolEvent::Crash(damage) | SpoolEvent::Finish(damage) => {
                let (spool, reader) = self.life.take().unwrap();
                let left = if matches!(event, SpoolEvent::Crash(_)) {
                    let left = spool.stats();
                    crash(spool, reader);
                    left
                } else {
                    reader.finish()
                };
                damage.iter().for_each(|damage| self.damage(damage, self.site.files()));
                self.come_again(&left);
            }
            SpoolEvent::Damage(damage) => {
                let mut files = Vec::new();
                files_below(self.site.cold.path(), &mut files);
                self.damage(damage, files);
            }
        }
        let held = check(self.spool()).held;
        let at_least = self.expected.iter().flatten().filter(|expected| expected.must_come).count();
        // What is lost is held until its turn comes.
        let at_most = self.expected.iter().map(VecDeque::len).sum::<usize>() + self.may_repeat.len();
        let held_for_sure = (held as usize).saturating_sub(self.lost as usize);
        // A segment without its cursor holds delivered records again, damaged ones among them, which nobody
        // can tell apart any more.
        let is_within = held_for_sure <= at_most || !self.is_countable;
        assert!(at_least <= held as usize && is_within, "{at_least} to {at_most}, not {held}");
    }

    fn come_again(&mut self, left: &SpoolStats) {
        self.earlier.add(left);
        let mut life = open(self.options.clone());
        life.1.upkeep();
        let found = life.0.stats();
        if !self.is_harmed {
            assert_eq!(found.adopted, left.held);
        }
        self.life = Some(life);
        self.expected.push(VecDeque::new());
    }

    fn append(&mut self, size: usize) {
        let mut record = format!("<{:05}:{:07}>", self.expected.len() - 1, self.accepted).into_bytes();
        record.resize(MARK + size, b'.');
        let (start, rest) = record.split_at(MARK / 2);
        // As if another thread logged each time.
        set_lane_hint((self.accepted % 5) as usize);
        match self.spool().append_parts(RecordKind(0), &[start, rest]) {
            Ok(_) => self.accepted += 1,
            Err(why) => return assert!(!self.has_room, "{why:?}"),
        }
        let must_come = self.has_room;
        self.expected.last_mut().unwrap().push_back(Expected { record, must_come });
    }

    /// A record comes out: all that had to come before it has.
    fn take(&mut self, payload: &[u8]) {
        self.came += 1;
        if self.may_repeat.remove(payload) {
            self.repeated += 1;
            return;
        }
        let shown = String::from_utf8_lossy(&payload[..MARK]).into_owned();
        let instance: usize = shown[1..6].parse().unwrap();
        loop {
            let next = self.expected[instance].pop_front();
            let next = next.unwrap_or_else(|| panic!("{shown} was not to come, or not again"));
            if next.record == payload {
                return;
            }
            assert!(!next.must_come, "{shown} instead of {}", String::from_utf8_lossy(&next.record[..MARK]));
            self.lost += 1;
        }
    }

    /// Gives whether there was a batch.
    fn deliver(&mut self, part: u8, poison: bool) -> bool {
        let limits = BatchLimits { max_bytes: 100_000, max_records: 300, per_record_overhead: 1 };
        let Some(mut batch) = self.reader().next_batch(&limits, &|_, _| false) else { return false };
        let count = (batch.len() * usize::from(part)).div_ceil(usize::from(u8::MAX));
        batch.range(0..count).for_each(|record| self.take(record.payload));
        self.reader().acknowledge(&mut batch, count);
        if let Some(record) = batch.get(0).filter(|_| poison) {
            self.take(record.payload);
            self.reader().quarantine(&mut batch, "poison");
        }
        true
    }

    fn damage(&mut self, damage: &Damage, mut files: Vec<PathBuf>) {
        files.retain(|file| file.extension().is_some_and(|end| end == "seg"));
        let files: Vec<(PathBuf, Vec<u8>)> =
            files.into_iter().map(|file| (file.clone(), std::fs::read(file).unwrap())).collect();
        let with_records: Vec<_> = files.iter().filter(|(_, bytes)| !marks(bytes).is_empty()).collect();
        if with_records.is_empty() {
            return;
        }
        let (file, bytes) = damage.file.get(&with_records);
        let mut bytes = bytes.clone();
        let Opening::Segment(header) = Header::open(&bytes) else { return };
        let is_sealed = Seal::decode(&bytes, header.salt).is_some();
        let records = marks(&bytes);
        let end = records.iter().map(|range| range.end).max().unwrap();
        let (hit, page) = match damage.how {
            How::Record(change) => {
                let at = HEADER_SIZE + damage.location.index(end - HEADER_SIZE);
                bytes[at] ^= change;
                self.is_countable &= is_sealed;
                (at..at + 1, 0..0)
            }
            How::Page(change) => {
                let fields = HEADER_AT.map(|at| at..at + HEADER_LEN).into_iter();
                let fields = fields.chain([SEAL_AT..SEAL_AT + SEAL_LEN, CURSOR_AT..CURSOR_AT + 8]);
                let at = *damage.location.get(&fields.flatten().collect::<Vec<_>>());
                bytes[at] ^= change;
                if !matches!(Header::open(&bytes), Opening::Segment(_)) {
                    // The last sound header: then the file is foreign, which another test sees to.
                    return;
                }
                (0..0, at..at + 1)
            }
            How::Truncate => {
                let length = damage.location.index(end);
                bytes.truncate(length);
                self.is_countable &= is_sealed;
                (length..usize::MAX, length..HEADER_SIZE)
            }
        };
        // Without its seal a segment ends with its last sound record.
        self.is_countable &= page.is_empty();
        let mut in_this_file: BTreeMap<&[u8], Range<usize>> = BTreeMap::new();
        let before = &files.iter().find(|(name, _)| name == file).unwrap().1;
        for range in records {
            in_this_file.insert(&before[range.start..range.start + MARK], range);
        }
        for expected in self.expected.iter_mut().flatten() {
            let location = in_this_file.remove(&expected.record[..MARK]);
            expected.must_come &= location.is_none_or(|location| {
                location.end <= hit.start || hit.end <= location.start - RECORD_HEADER
            });
        }
        if page.start < CURSOR_AT + 8 && CURSOR_AT < page.end {
            let gone = in_this_file.into_values().map(|range| before[range].to_vec());
            self.may_repeat.extend(gone);
        }
        std::fs::write(file, bytes).unwrap();
        self.is_harmed = true;
    }

    /// Delivers what is left, and compares all that was counted.
    fn end(mut self) {
        while self.deliver(u8::MAX, false) {}
        for expected in self.expected.iter().flatten() {
            assert!(!expected.must_come, "{} never came", String::from_utf8_lossy(&expected.record[..MARK]));
            self.lost += 1;
        }
        let mut total = check(self.spool());
        assert_eq!(total.held, 0);
        total.add(&self.earlier);
        assert_eq!(total.accepted, self.accepted);
        assert_eq!(total.delivered + total.quarantined, self.came);
        assert_eq!(self.came, self.accepted + self.repeated - self.lost);
        if self.is_countable {
            assert_eq!(total.dropped_memory + total.dropped_disk + total.dropped_corrupt, self.lost);
        }
    }
}

/// Where there are records in a file, of this use of it or an earlier one, from mark to end.
fn marks(bytes: &[u8]) -> Vec<Range<usize>> {
    let is_mark = |at: &usize| bytes[*at] == b'<' && bytes[at + 6] == b':' && bytes[at + MARK - 1] == b'>';
    let starts = (HEADER_SIZE + RECORD_HEADER..(bytes.len() + 1).saturating_sub(MARK)).step_by(8);
    let filler = |start: usize| bytes[start + MARK..].iter().take_while(|byte| **byte == b'.').count();
    starts.filter(is_mark).map(|start| start..start + MARK + filler(start)).collect()
}

/// As many runs as asked for, by chance; or a few, the same every time.
fn config() -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let default = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if asked { default } else { ProptestConfig { cases: CASES, rng_seed: RngSeed::Fixed(1), ..default } }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn everything_accepted_comes_out_once_and_in_order(
        events in prop::collection::vec(ordinary_event(), 1..40)
    ) {
        let mut run = ModelRun::new(true, |options| {
            Options { max_memory_bytes: 1 << 20, max_disk_bytes: 1 << 30, ..options }
        });
        events.iter().for_each(|event| run.happen(event));
        run.end();
    }

    #[test]
    fn damage_costs_only_the_records_it_hits(events in prop::collection::vec(event_with_damage(), 1..40)) {
        let mut run = ModelRun::new(true, |options| {
            Options { max_memory_bytes: 1 << 20, max_disk_bytes: 1 << 30, ..options }
        });
        events.iter().for_each(|event| run.happen(event));
        run.end();
    }

    #[test]
    fn where_room_is_short_every_record_comes_out_in_order_or_is_counted(
        overflow in prop_oneof![Just(Overflow::DropOldest), Just(Overflow::DropNewest)],
        memory in 64_u64..512,
        disk in 0_u64..512,
        events in prop::collection::vec(ordinary_event(), 1..40),
    ) {
        let mut run = ModelRun::new(false, |options| {
            Options { max_memory_bytes: memory << 10, max_disk_bytes: disk << 10, overflow, ..options }
        });
        events.iter().for_each(|event| run.happen(event));
        run.end();
    }
}
