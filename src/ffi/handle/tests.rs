//! Handles of objects that are live, freed, made up, and in use while they are freed.

use super::*;

struct Thing(u32);
handled!(Thing, "thing", 0xf);

/// Of one test alone: a neighbour of its handle is nobody's.
struct Single;
handled!(Single, "single thing", 0xd);

fn get(handle: usize) -> Result<u32> {
    with::<Thing, _>(handle, |thing| Ok(thing.0))
}

#[test]
fn a_handle_works_until_it_is_removed_and_never_again() {
    let first = insert(Thing(7)).unwrap();
    assert_eq!(get(first).unwrap(), 7);
    assert_eq!(remove::<Thing>(first).unwrap().value().0, 7);
    assert_eq!(get(first).unwrap_err().status, Status::InvalidHandle);
    assert!(remove::<Thing>(first).is_err());
    // The slot is used again, under another generation.
    let second = insert(Thing(8)).unwrap();
    assert_ne!(first, second);
    assert_eq!(get(first).unwrap_err().status, Status::InvalidHandle);
    assert_eq!(get(second).unwrap(), 8);
}

#[test]
fn made_up_handles_find_nothing() {
    let get = |handle| with::<Single, _>(handle, |_| Ok(()));
    let good = insert(Single).unwrap();
    get(good).unwrap();
    for handle in [1, 2, 13, 0xd0, usize::MAX, good ^ 1, good ^ 0x10, good ^ (1 << 40), good + 0x10_0000] {
        assert_eq!(get(handle).unwrap_err().status, Status::InvalidHandle, "{handle:#x}");
    }
    assert_eq!(get(0).unwrap_err().status, Status::NullPointer);
}

#[test]
fn a_thousand_objects_have_a_thousand_handles() {
    let handles: Vec<usize> = (0..1000).map(|n| insert(Thing(n)).unwrap()).collect();
    for (n, handle) in handles.iter().enumerate() {
        assert_eq!(get(*handle).unwrap(), n as u32);
    }
    for handle in &handles {
        remove::<Thing>(*handle).unwrap();
    }
    assert!(handles.iter().all(|handle| get(*handle).is_err()));
}

/// Says when it is dropped.
struct DropWatched(Arc<AtomicU32>);
handled!(DropWatched, "watched thing", 0xb);

impl Drop for DropWatched {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Two live objects, and how often each was dropped.
fn two_watched() -> ([usize; 2], [Arc<AtomicU32>; 2]) {
    let dropped = [(); 2].map(|()| Arc::new(AtomicU32::new(0)));
    ([0, 1].map(|n| insert(DropWatched(Arc::clone(&dropped[n]))).unwrap()), dropped)
}

fn touch(handle: usize) -> Result<()> {
    with::<DropWatched, _>(handle, |_| Ok(()))
}

#[test]
fn what_a_call_uses_outlives_the_calls_within_it_whoever_frees_it() {
    let ([first, second], dropped) = two_watched();
    let count = |n: usize| dropped[n].load(Ordering::Relaxed);
    // As a handler at any instruction of a call, and as a callback of it.
    let disturb = || {
        touch(second)?;
        std::thread::scope(|scope| scope.spawn(|| remove::<DropWatched>(first).map(drop)).join().unwrap())?;
        assert!(touch(first).is_err() && touch(0).is_err());
        touch(second)
    };
    touch(first).unwrap();
    with_wanted::<DropWatched>(
        first,
        |_| true,
        |_| {
            disturb()?;
            assert_eq!((count(0), count(1)), (0, 0), "freed while a call uses it");
            Ok(())
        },
    )
    .unwrap();
    touch(second).unwrap();
    assert_eq!(count(0), 1, "kept though no call uses it");
    // The thread that frees is in a call of the same object.
    with::<DropWatched, _>(second, |_| {
        remove::<DropWatched>(second).map(drop)?;
        assert_eq!(count(1), 0);
        Ok(())
    })
    .unwrap();
    assert!(touch(second).is_err());
    assert_eq!(count(1), 1);
}

/// A call that is left, far enough in that each later call's frame is further out: a handler has jumped out of
/// it, or it is a coroutine's whose stack lies within the thread's and that is suspended. Nothing tells which.
#[inline(never)]
fn be_left_in_a_call(handle: usize) -> &'static Cached<DropWatched> {
    let far = [0_u8; 16 << 10];
    let cache = own_cache::<DropWatched>().unwrap();
    assert!(cache.enter(handle).is_some());
    std::hint::black_box(&far);
    cache
}

#[test]
fn what_a_call_uses_that_may_be_gone_is_not_freed_and_is_in_nobodys_way() {
    let ([first, second], dropped) = two_watched();
    let count = |n: usize| dropped[n].load(Ordering::Relaxed);
    let remove_elsewhere = |handle| {
        std::thread::scope(|scope| scope.spawn(|| remove::<DropWatched>(handle).map(drop)).join().unwrap())
    };
    touch(first).unwrap();
    let left = be_left_in_a_call(first);
    assert_eq!((touch(second), touch(first), touch(second)), (Ok(()), Ok(()), Ok(())));
    remove_elsewhere(first).unwrap();
    assert!(touch(first).is_err() && remove::<DropWatched>(first).is_err());
    assert_eq!(count(0), 0, "freed while a call may use it");
    // The call was suspended, and goes on and ends while another uses what is to be freed.
    with::<DropWatched, _>(second, |_| {
        left.leave();
        touch(0).unwrap_err();
        remove_elsewhere(second)?;
        assert_eq!(count(1), 0, "freed while a call uses it");
        Ok(())
    })
    .unwrap();
    assert!(touch(second).is_err());
    assert_eq!((count(0), count(1)), (1, 1), "kept though no call uses it");
}

#[test]
fn the_thread_that_frees_in_a_call_frees_nothing_that_another_call_may_use() {
    let dropped = [(); 2].map(|()| Arc::new(AtomicU32::new(0)));
    let [first, second] = [0, 1].map(|n| insert(DropWatched(Arc::clone(&dropped[n]))).unwrap());
    let count = |n: usize| dropped[n].load(Ordering::Relaxed);
    with::<DropWatched, _>(first, |_| Ok(())).unwrap();
    let left = be_left_in_a_call(first);
    remove::<DropWatched>(second).map(drop).unwrap();
    remove::<DropWatched>(first).map(drop).unwrap();
    assert_eq!((count(0), count(1)), (0, 1));
    left.leave();
    with::<DropWatched, _>(first, |_| Ok(())).unwrap_err();
    assert_eq!(count(0), 1);
}

#[test]
fn removing_while_others_use_it_is_either_before_or_after() {
    for _ in 0..200 {
        let handle = insert(Thing(42)).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    while let Ok(value) = get(handle) {
                        assert_eq!(value, 42);
                    }
                });
            }
            scope.spawn(|| remove::<Thing>(handle).map(drop).unwrap());
        });
    }
}
