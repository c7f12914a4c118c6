//! Rules of the library's delivery that the relay follows, as they stand in the library: its table of
//! answers, its waits, and how a `Retry-After` is read. Included rather than written again, so that both follow one table.

#[path = "../../../src/delivery/answer.rs"]
pub mod answer;
#[allow(dead_code)]
#[path = "../../../src/delivery/policy.rs"]
pub mod policy;
#[path = "../../../src/delivery/http/retry_after.rs"]
pub mod retry_after;

pub use answer::Said;
