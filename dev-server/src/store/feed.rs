//! What has just arrived, for pages and terminals that watch.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// Events that a slow watcher may be behind by; older ones are left out for it, and counted.
const KEPT_EVENTS: usize = 20_000;

#[derive(Default)]
struct State {
    events: VecDeque<Arc<str>>,
    /// The number of the first event in `events`.
    first: u64,
}

#[derive(Default)]
pub struct Feed {
    state: Mutex<State>,
    changed: Condvar,
}

/// Events after a place, and the place after them.
pub struct News {
    pub events: Vec<Arc<str>>,
    pub next: u64,
    pub left_out: u64,
}

impl Feed {
    pub fn publish(&self, events: impl IntoIterator<Item = String>) {
        let mut state = self.state.lock();
        for event in events {
            if state.events.len() == KEPT_EVENTS {
                state.events.pop_front();
                state.first += 1;
            }
            state.events.push_back(event.into());
        }
        self.changed.notify_all();
    }

    /// The place after everything that has been published.
    pub fn now(&self) -> u64 {
        let state = self.state.lock();
        state.first + state.events.len() as u64
    }

    /// Waits for events from a place on, up to that long.
    pub fn wait(&self, from: u64, time: Duration) -> News {
        let mut state = self.state.lock();
        let has_news = |state: &mut State| state.first + state.events.len() as u64 > from;
        self.changed.wait_while_for(&mut state, |state| !has_news(state), time);
        let start = from.max(state.first);
        let events: Vec<_> = state.events.iter().skip((start - state.first) as usize).cloned().collect();
        let next = start + events.len() as u64;
        News { events, next, left_out: start - from }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_too_far_behind_learns_how_much_was_left_out() {
        let feed = Feed::default();
        feed.publish((0..KEPT_EVENTS + 5).map(|number| number.to_string()));
        let news = feed.wait(2, Duration::ZERO);
        assert_eq!((news.left_out, &*news.events[0], news.next), (3, "5", feed.now()));
        assert!(feed.wait(news.next, Duration::ZERO).events.is_empty());
    }
}
