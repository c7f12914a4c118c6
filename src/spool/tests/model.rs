//! The spool against a model: whatever the order of events, what comes out is what went in.

use super::*;
use proptest::prelude::*;
use std::collections::VecDeque;

/// What can happen to a spool.
#[derive(Clone, Debug)]
enum Event {
    /// So many records of so many bytes each.
    Append(u8, u16),
    /// Take a batch, acknowledge a part of it (in 256ths), quarantine one more or not.
    Deliver(u8, bool),
    Spill,
    SpillAll,
    Maintain,
    /// Die and come again.
    Crash,
    /// End and come again.
    Finish,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (any::<u8>(), 0..3000u16).prop_map(|(count, size)| Event::Append(count, size)),
        4 => (any::<u8>(), any::<bool>()).prop_map(|(part, poison)| Event::Deliver(part, poison)),
        1 => Just(Event::Spill),
        1 => Just(Event::SpillAll),
        1 => Just(Event::Maintain),
        1 => Just(Event::Crash),
        1 => Just(Event::Finish),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn everything_accepted_comes_out_once_and_in_order(events in prop::collection::vec(event(), 1..40)) {
        let site = Site::new();
        let limits = BatchLimits { max_bytes: 100_000, max_records: 300, per_record_overhead: 1 };
        // Room for everything: what overflows is another test's business.
        let options = || Options { max_memory_bytes: 1 << 20, max_disk_bytes: 1 << 30, ..site.options() };
        let (mut spool, mut reader) = open(options());
        // Records by the instance that accepted them: their order is kept within each.
        let mut model: Vec<VecDeque<Vec<u8>>> = vec![VecDeque::new()];
        let mut number = 0u64;
        let take = |model: &mut Vec<VecDeque<Vec<u8>>>, payload: &[u8]| {
            let instance = u64::from_le_bytes(payload[..8].try_into().unwrap()) as usize;
            let expected = model[instance].pop_front();
            assert_eq!(expected.as_deref(), Some(payload));
        };
        let all_of = |model: &[VecDeque<Vec<u8>>]| model.iter().map(VecDeque::len).sum::<usize>() as u64;
        for event in events {
            match event {
                Event::Append(count, size) => for _ in 0..count {
                    let instance = model.len() - 1;
                    let mut record = (instance as u64).to_le_bytes().to_vec();
                    record.extend(number.to_le_bytes());
                    record.resize(16 + usize::from(size), b'.');
                    number += 1;
                    spool.append(Kind(0), &[&record[..10], &record[10..]]).unwrap();
                    model[instance].push_back(record);
                },
                Event::Deliver(part, poison) => {
                    if let Some(mut batch) = reader.next_batch(&limits, &|_, _| false) {
                        let count = batch.len() * usize::from(part) / 256;
                        batch.range(0..count).for_each(|record| take(&mut model, record.payload));
                        reader.acknowledge(&mut batch, count);
                        if poison && let Some(record) = batch.get(0) {
                            take(&mut model, record.payload);
                            reader.quarantine(&mut batch, "poison");
                        }
                    }
                }
                Event::Spill => { reader.spill(); }
                Event::SpillAll => { reader.spill_all(); }
                Event::Maintain => { reader.maintain(); }
                Event::Crash | Event::Finish => {
                    if matches!(event, Event::Crash) {
                        crash(spool, reader);
                    } else {
                        reader.finish();
                        drop(spool);
                    }
                    (spool, reader) = open(options());
                    reader.maintain();
                    model.push(VecDeque::new());
                }
            }
            let stats = check(&spool);
            prop_assert_eq!(stats.held, all_of(&model));
            prop_assert_eq!(stats.dropped_corrupt, 0);
        }
        while let Some(mut batch) = reader.next_batch(&limits, &|_, _| false) {
            batch.records().for_each(|record| take(&mut model, record.payload));
            let all = batch.len();
            reader.acknowledge(&mut batch, all);
        }
        prop_assert_eq!(all_of(&model), 0);
        prop_assert_eq!(check(&spool).held, 0);
    }
}
