//! What may leave: masks, content that stays here, samples, limits.
//!
//! A record is looked at once, when its JSON is finished and before the spool has it, so that no server, file,
//! quarantine or debug line ever sees what must not leave. Both clients call [`Control::rewrite`] there.
//! Where nothing is configured there is no [`Control`], and a log call pays for one branch.
//!
//! | module | job |
//! |---|---|
//! | [`members`] | the one table of which members are content, which are texts, which are ids |
//! | [`rules`] | masks as JSON: key names, regular expressions, presets |
//! | [`presets`] | e-mail, cards, API keys, telephone numbers, IP addresses |
//! | [`rewrite`] | the pass over one record |
//! | [`outline`] | a model's result without what the model said |
//! | [`sample`] | which traces are sent |
//!
//! Rewriting is allowed to cost microseconds and to allocate, but makes no system call and takes no lock but
//! that of an expression's own cache. A mask that fails costs its text and never the record.

#![forbid(unsafe_code)]

mod cut_off;
mod members;
mod outline;
mod presets;
mod rewrite;
mod rules;
mod sample;
#[cfg(test)]
mod tests;

pub use members::Records;
pub use rules::Rules;
pub use sample::{Ids, Sample};

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How long a callback may take for one record unless configured otherwise.
pub const DEFAULT_BUDGET: Duration = Duration::from_millis(10);

/// Somebody who replaces texts.
pub trait Mask: Send + Sync {
    /// Looks at one text of a record of this kind, in this member.
    fn mask(&self, entity: i32, field: &str, text: &str) -> Masked;
}

/// What a [`Mask`] says of a text.
#[derive(Debug, PartialEq, Eq)]
pub enum Masked {
    /// It may leave.
    Same,
    /// This is to take its place.
    Replaced(String),
    /// Nobody knows: it must not leave.
    Failed,
}

/// What is wanted.
#[derive(Clone)]
pub struct ControlConfig {
    /// Whether inputs, outputs, messages, documents, attachments and tool arguments are sent.
    pub capture_content: bool,
    /// What is masked.
    pub rules: Rules,
    /// Who replaces texts after that.
    pub mask: Option<Arc<dyn Mask>>,
    /// How long that may take for one record.
    pub budget: Duration,
    /// Longer texts are cut.
    pub max_field_bytes: Option<usize>,
}

impl Default for ControlConfig {
    fn default() -> ControlConfig {
        ControlConfig {
            capture_content: true,
            rules: Rules::default(),
            mask: None,
            budget: DEFAULT_BUDGET,
            max_field_bytes: None,
        }
    }
}

/// What decides which part of a record leaves.
pub struct Control {
    config: ControlConfig,
    failed: AtomicU64,
}

impl Control {
    /// The control that is wanted; `None` when nothing is.
    pub fn new(config: &ControlConfig) -> Option<Control> {
        let idle = config.capture_content
            && config.rules.is_empty()
            && config.mask.is_none()
            && config.max_field_bytes.is_none();
        (!idle).then(|| Control { config: config.clone(), failed: AtomicU64::new(0) })
    }

    /// Whether content is sent.
    pub fn captures_content(&self) -> bool {
        self.config.capture_content
    }

    /// Whether long texts are cut.
    pub fn cuts(&self) -> bool {
        self.config.max_field_bytes.is_some()
    }

    /// Texts that were dropped because a mask failed.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }
}
