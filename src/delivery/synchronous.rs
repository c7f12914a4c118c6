//! The writer's work on the thread of a caller, where there is no writer.

use std::time::Instant;

use crate::delivery::engine::{RoundResult, Supervisor};
use crate::delivery::progress::{FlushTarget, Progress, may_pass};
use crate::delivery::writer::Workplace;
use crate::process::monotonic;
use crate::status::{Result, Status};

struct Hurried<'a>(&'a Progress, Instant);

impl Supervisor for Hurried<'_> {
    fn deadline(&self) -> Instant {
        self.1
    }
    fn progressed(&self) {
        self.0.records_left();
    }
}

/// Sends on this thread until the target is reached, at most until `deadline`.
pub fn send_until(place: &Workplace, target: FlushTarget, deadline: Instant) -> Result {
    let progress = &place.progress;
    loop {
        let Some(mut engine) = place.engine.try_lock_until(deadline) else {
            return Err(progress.unfinished(Status::Timeout));
        };
        let Some(engine_here) = engine.as_mut() else {
            return Err(progress.unfinished(Status::Closed));
        };
        engine_here.maintain_now_and_then();
        if progress.has_reached(target) {
            return progress.reached(target);
        }
        let result = engine_here.round(&Hurried(progress, deadline));
        let news = engine_here.news();
        drop(engine);
        news.tell(&place.config.reporter);
        match result {
            RoundResult::Idle if progress.has_reached(target) => return progress.reached(target),
            // Another thread has the rest in its hands, or it can't be read.
            RoundResult::Idle => return Err(progress.unfinished(Status::Io)),
            RoundResult::Progress if monotonic::now() < deadline => {}
            RoundResult::Progress if progress.has_reached(target) => return progress.reached(target),
            RoundResult::Progress => return Err(progress.unfinished(Status::Timeout)),
            RoundResult::Pause { wait, status } => {
                if wait >= deadline.saturating_duration_since(monotonic::now()) {
                    // Nothing will change by the deadline.
                    let status = if may_pass(status) { Status::Timeout } else { status };
                    return Err(progress.unfinished(status));
                }
                monotonic::sleep(wait);
            }
        }
    }
}
