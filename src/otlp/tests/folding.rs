//! Open entities: what is kept of them, and how they leave.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use serde_json::json;

use super::super::fold::OtherLives;
use super::super::model::AttributeValue;
use super::super::names::{gen_ai, own};
use super::*;

#[test]
fn what_is_open_survives_as_records_in_whatever_order_they_come_back() {
    let lines = conversation();
    let whole: BTreeSet<String> = fold(&lines).iter().map(|out| format!("{out:?}")).collect();
    for at in 1..lines.len() {
        let (before, after) = lines.split_at(at);
        let mut first = folder();
        for line in before {
            first.line(line.as_bytes(), NOW).unwrap();
        }
        let mut out = first.take();
        let records: Vec<Vec<u8>> = first.changed().into_iter().filter_map(|kept| kept.record).collect();
        // The record comes last, and some lines that it holds come again.
        for repeated in [0, at.min(2)] {
            let mut second = Folder::named("two", FoldOptions { incomplete_after: Duration::from_secs(60) });
            let again = &before[at - repeated..];
            for line in again.iter().chain(after) {
                second.line(line.as_bytes(), NOW).unwrap();
            }
            for record in &records {
                second.line(record, NOW).unwrap();
            }
            second.expire(NOW + 3_600 * SECOND);
            let ids: BTreeSet<[u8; 8]> = spans(out.iter().cloned().chain(second.take()).collect())
                .iter()
                .map(|span| span.span_id)
                .collect();
            assert_eq!(ids.len(), 5, "cut at {at}, {repeated} lines again");
        }
        // In order, nothing is missing.
        let mut second = Folder::named("two", FoldOptions { incomplete_after: Duration::from_secs(60) });
        for record in &records {
            second.line(record, NOW).unwrap();
        }
        for line in after {
            second.line(line.as_bytes(), NOW).unwrap();
        }
        out.extend(second.take());
        let seen: BTreeSet<String> = out.iter().map(|out| format!("{out:?}")).collect();
        let missing: Vec<&String> = whole.difference(&seen).collect();
        assert!(missing.is_empty(), "cut at {at}: {missing:#?}");
    }
}

#[test]
fn what_has_ended_leaves_as_soon_as_a_record_tells_what_it_is_below() {
    let never = FoldOptions { incomplete_after: Duration::MAX };
    let all = conversation();
    let ids = |out: Vec<Out>| -> BTreeSet<_> {
        spans(out).iter().map(|span| (span.trace_id, span.span_id, span.parent)).collect()
    };
    let whole = ids(fold(&all));
    // One life ends here, the next one there: the third reads what they have left.
    for first in 1..all.len() {
        for second in 0..=all.len() - first {
            let mut spool: VecDeque<Vec<u8>> = all.iter().map(|line| line.clone().into_bytes()).collect();
            let mut out = Vec::new();
            for (name, count) in [("one", first), ("two", second), ("three", usize::MAX)] {
                let mut folder = Folder::named(name, never);
                for line in spool.drain(..count.min(spool.len())) {
                    folder.line(&line, NOW).unwrap();
                }
                folder.expire(NOW);
                spool.extend(folder.changed().into_iter().filter_map(|kept| kept.record));
                out.extend(folder.take());
            }
            assert!(spool.is_empty(), "cut at {first} and {second}: {} are still open", spool.len());
            assert_eq!(ids(out), whole, "cut at {first} and {second}");
        }
    }
}

#[test]
fn its_own_record_comes_round_until_the_entity_has_left() {
    let mut folder = folder();
    let begun =
        line("trace", "t", "create", json!({"name": "n", "startTimestamp": "2026-11-21T02:31:00+00:00"}));
    folder.line(begun.as_bytes(), NOW).unwrap();
    let kept = |folder: &mut Folder| {
        folder
            .changed()
            .into_iter()
            .filter(|kept| kept.is_open)
            .filter_map(|kept| kept.record)
            .collect::<Vec<_>>()
    };
    let first = kept(&mut folder);
    assert_eq!(first.len(), 1);
    assert!(kept(&mut folder).is_empty(), "nothing has changed");
    folder.line(&first[0], NOW).unwrap();
    assert_eq!(kept(&mut folder), first, "it is to be kept again");
    folder.line(line("trace", "t", "update", json!({"output": "o"})).as_bytes(), NOW).unwrap();
    let second = kept(&mut folder);
    assert_ne!(second, first);
    folder.line(&first[0], NOW).unwrap();
    assert!(kept(&mut folder).is_empty(), "a newer record is kept");
    folder.line(line("trace", "t", "end", json!({})).as_bytes(), NOW).unwrap();
    assert_eq!(spans(folder.take()).len(), 1);
    folder.line(&second[0], NOW).unwrap();
    assert_eq!(folder.open(), 0);
}

#[test]
fn what_never_ends_leaves_as_incomplete_and_what_comes_late_as_a_record() {
    let mut folder = folder();
    let mut lines = conversation();
    let end = lines.pop().unwrap();
    for line in &lines {
        folder.line(line.as_bytes(), NOW).unwrap();
    }
    folder.take();
    folder.expire(NOW + 59 * SECOND);
    assert!(folder.take().is_empty());
    folder.expire(NOW + 61 * SECOND);
    let given_up = spans(folder.take());
    assert_eq!(attribute(&given_up[0].attributes, own::INCOMPLETE), Some(&AttributeValue::Bool(true)));
    folder.line(end.as_bytes(), NOW).unwrap();
    assert!(folder.take().is_empty(), "an end alone says nothing more");
    let late = line("trace", TRACE, "add-feedback", json!({"score": 1}));
    folder.line(late.as_bytes(), NOW).unwrap();
    let records = logs(folder.take());
    assert_eq!(records[0].event_name, gen_ai::EVALUATION);
    assert_eq!(records[0].span_id, Some(given_up[0].span_id));
    // A child that comes after its trace's end is a span of that trace all the same.
    let child = [
        line(
            "trace",
            TRACE,
            "add-span",
            json!({"id": "late", "startTimestamp": "2026-11-21T02:31:10+00:00"}),
        ),
        line("span", "late", "end", json!({"endTimestamp": "2026-11-21T02:31:11+00:00"})),
    ];
    child.iter().for_each(|line| folder.line(line.as_bytes(), NOW).unwrap());
    let span = &spans(folder.take())[0];
    assert_eq!((span.trace_id, span.parent), (given_up[0].trace_id, Some(given_up[0].span_id)));
    assert_eq!(text(&span.attributes, gen_ai::SESSION), "s-1");
}

#[test]
fn entities_that_name_each_other_in_a_ring_harm_nobody() {
    let mut folder = folder();
    let at = "2026-11-21T02:31:00+00:00";
    for (parent, child) in [("a", "b"), ("b", "a"), ("c", "c")] {
        folder
            .line(
                line("span", parent, "add-span", json!({"id": child, "startTimestamp": at})).as_bytes(),
                NOW,
            )
            .unwrap();
        folder.line(line("span", child, "end", json!({"endTimestamp": at})).as_bytes(), NOW).unwrap();
    }
    folder.expire(NOW + 3_600 * SECOND);
    assert_eq!(spans(folder.take()).len(), 3);
}

#[test]
fn what_is_never_ended_fills_no_memory() {
    let mut folder = folder();
    for number in 0..100u64 {
        let begun = line(
            "trace",
            &format!("t{number}"),
            "create",
            json!({"startTimestamp": "2026-11-21T02:31:00+00:00"}),
        );
        folder.line(begun.as_bytes(), NOW + number).unwrap();
    }
    folder.changed();
    folder.make_room(40, usize::MAX);
    assert_eq!(folder.open(), 35);
    let left = spans(folder.take());
    assert_eq!(text(&left[0].attributes, own::ENTITY_ID), "t0");
    assert_eq!(left.len(), 65);
    folder.make_room(usize::MAX, 1_000);
    assert!(folder.open() < 5);
}

#[test]
fn a_record_of_an_earlier_entity_is_not_taken_for_one_of_the_next_with_its_id() {
    let mut folder = folder();
    let create = line("trace", "t", "create", json!({"startTimestamp": "2026-01-01T00:00:00Z"}));
    folder.line(create.as_bytes(), 1).unwrap();
    let earlier = folder.changed().remove(0).record.unwrap();
    folder
        .line(line("trace", "t", "end", json!({"endTimestamp": "2026-01-01T00:00:01Z"})).as_bytes(), 2)
        .unwrap();
    assert_eq!(folder.open(), 0);
    let create = line("trace", "t", "create", json!({"startTimestamp": "2026-01-01T00:00:02Z"}));
    folder.line(create.as_bytes(), 3).unwrap();
    assert!(folder.changed().iter().any(|kept| kept.is_open));
    folder.line(&earlier, 4).unwrap();
    assert_eq!(folder.changed(), [], "its record is still there, and is not to be kept anew");
}

fn records(folder: &mut Folder) -> Vec<Vec<u8>> {
    folder.changed().into_iter().filter_map(|kept| kept.record).collect()
}

fn named(name: &str) -> Folder {
    Folder::named(name, FoldOptions { incomplete_after: Duration::from_secs(3_600) })
}

#[test]
fn a_span_below_a_trace_that_another_life_began_waits_until_its_session_is_known() {
    let at = "2026-11-21T02:31:00+00:00";
    let mut one = named("one");
    let create = line("trace", "t", "create", json!({"sessionId": "s-1", "startTimestamp": at}));
    one.line(create.as_bytes(), NOW).unwrap();
    let kept = records(&mut one);
    let span = [
        line("trace", "t", "add-span", json!({"id": "s", "startTimestamp": at})),
        line("span", "s", "end", json!({"endTimestamp": at})),
    ];
    let tag = line("trace", "t", "add-tag", json!({"tags": {"a": "b"}}));
    // The trace may have been told of, but for its beginning.
    for before in [vec![], vec![tag.clone()]] {
        let mut two = named("two");
        two.set_others(OtherLives { are_read: false, wait: true, are_ready: true });
        for line in before.iter().chain(&span) {
            two.line(line.as_bytes(), NOW).unwrap();
        }
        two.expire(NOW);
        assert!(two.take().is_empty(), "it is not known which session it is of");
        // What is kept of it meanwhile is as good.
        let waiting = records(&mut two);
        let mut three = named("three");
        three.set_others(OtherLives { are_read: true, wait: false, are_ready: false });
        for folder in [&mut two, &mut three] {
            folder.set_others(OtherLives { are_read: true, wait: false, are_ready: false });
        }
        waiting.iter().for_each(|record| three.line(record, NOW).unwrap());
        for folder in [&mut two, &mut three] {
            kept.iter().for_each(|record| folder.line(record, NOW).unwrap());
            folder.expire(NOW);
            let left = spans(folder.take());
            assert_eq!(left.len(), 1);
            assert_eq!(text(&left[0].attributes, gen_ai::SESSION), "s-1");
        }
    }
    // Where nothing more of another life's comes, it leaves.
    let mut two = named("two");
    two.set_others(OtherLives { are_read: false, wait: true, are_ready: true });
    span.iter().for_each(|line| two.line(line.as_bytes(), NOW).unwrap());
    two.set_others(OtherLives::default());
    two.expire(NOW);
    assert_eq!(spans(two.take()).len(), 1);
    // Nor does it wait for what cannot be read, which may be for days.
    let mut two = named("two");
    two.set_others(OtherLives { are_read: false, wait: true, are_ready: false });
    span.iter().for_each(|line| two.line(line.as_bytes(), NOW).unwrap());
    two.expire(NOW);
    assert_eq!(spans(two.take()).len(), 1);
}

#[test]
fn that_an_entity_has_left_stays_known_beside_another_one_of_its_id() {
    let create = |name: &str, second: u32| {
        let at = format!("2026-11-21T02:31:{second:02}+00:00");
        line("trace", "t", "create", json!({"name": name, "tags": {name: "yes"}, "startTimestamp": at}))
    };
    let end = line("trace", "t", "end", json!({"endTimestamp": "2026-11-21T02:32:00+00:00"}));
    let mut one = named("one");
    one.line(create("first", 1).as_bytes(), NOW).unwrap();
    let open = records(&mut one);
    let mut two = named("two");
    two.set_others(OtherLives { are_read: true, wait: true, are_ready: true });
    open.iter().for_each(|record| two.line(record, NOW).unwrap());
    two.line(end.as_bytes(), NOW).unwrap();
    assert_eq!(spans(two.take()).len(), 1);
    let left = records(&mut two);
    assert_eq!(left.len(), 1);
    // The next one has another of that id, and reads that the first has left before what was kept of it.
    let mut three = named("three");
    three.line(create("second", 2).as_bytes(), NOW).unwrap();
    let of_second = records(&mut three);
    three.set_others(OtherLives { are_read: true, wait: true, are_ready: true });
    left.iter().for_each(|record| three.line(record, NOW).unwrap());
    three.expire(NOW);
    let handed_on = records(&mut three);
    // So does one that comes after it, if it is killed in between.
    let mut four = named("four");
    four.set_others(OtherLives { are_read: true, wait: true, are_ready: true });
    of_second.iter().chain(&handed_on).for_each(|record| four.line(record, NOW).unwrap());
    // Whether the second has ended by then or not.
    for (folder, is_late) in [(&mut three, false), (&mut four, true)] {
        folder.set_others(OtherLives { are_read: true, wait: false, are_ready: false });
        let read = |folder: &mut Folder| open.iter().for_each(|record| folder.line(record, NOW).unwrap());
        if !is_late {
            read(folder);
        }
        folder.line(end.as_bytes(), NOW).unwrap();
        if is_late {
            read(folder);
        }
        folder.expire(NOW + 3_601 * SECOND);
        let spans = spans(folder.take());
        let names: Vec<&str> = spans.iter().map(|span| &*span.name).collect();
        assert_eq!(names, ["second"]);
        assert_eq!(spans[0].start_ns % (60 * SECOND), 2 * SECOND);
        assert_eq!(attribute(&spans[0].attributes, own::INCOMPLETE), None);
        assert_eq!(attribute(&spans[0].attributes, "maxim.tag.first"), None);
    }
}

#[test]
fn what_has_ended_and_waits_for_its_trace_is_not_incomplete_when_there_is_no_room_for_it() {
    let at = "2026-11-21T02:31:00+00:00";
    let mut folder = folder();
    for number in 0..10 {
        let id = format!("s{number}");
        let span = line("span", "unknown", "add-span", json!({"id": id, "startTimestamp": at}));
        folder.line(span.as_bytes(), NOW + number).unwrap();
        folder.line(line("span", &id, "end", json!({"endTimestamp": at})).as_bytes(), NOW + number).unwrap();
    }
    folder.make_room(1, usize::MAX);
    let left = spans(folder.take());
    assert!(left.len() >= 9);
    assert!(left.iter().all(|span| attribute(&span.attributes, own::INCOMPLETE).is_none()));
}
