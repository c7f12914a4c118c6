//! A logger's pipeline of uploads, which is opened when there is something to upload.

use std::sync::{Arc, OnceLock, Weak};

use super::config::LoggerConfig;
use super::uploads::UploadProtocol;
use crate::delivery::{Pipeline, Protocol};
use crate::spool;

/// The protocol, by which a spool tells these records from others.
const UPLOADS: &str = "maxim-uploads";

/// A pipeline of uploads that may not be open yet.
pub(super) struct UploadPipeline {
    config: LoggerConfig,
    /// Set once that pipeline is open.
    lines: OnceLock<Weak<Pipeline>>,
    pipeline: OnceLock<Pipeline>,
}

impl UploadPipeline {
    /// One that is not open.
    pub fn new(config: &LoggerConfig) -> UploadPipeline {
        UploadPipeline { config: config.clone(), lines: OnceLock::new(), pipeline: OnceLock::new() }
    }

    /// Says where the lines of finished uploads go, and looks for what others have left.
    pub fn set_lines(&self, lines: Weak<Pipeline>) {
        // Nobody else has had the chance to.
        let _ = self.lines.set(lines);
        self.adopt();
    }

    /// If it is open.
    pub fn get(&self) -> Option<&Pipeline> {
        self.pipeline.get()
    }

    /// Opens it if it is not.
    pub fn open(&self) -> &Pipeline {
        // Most of the stack that this needs it needs once.
        self.pipeline.get().unwrap_or_else(|| self.opened())
    }

    #[cold]
    #[inline(never)]
    fn opened(&self) -> &Pipeline {
        let lines = self.lines.get().cloned().unwrap_or_default();
        self.pipeline.get_or_init(|| open(&self.config, lines))
    }

    /// Opens it if a logger that has ended left uploads for another one to make. Once open, it looks for
    /// such by itself.
    pub fn adopt(&self) {
        if self.lines.get().is_some()
            && self.get().is_none()
            && spool::has_orphans(&self.config.spool(UPLOADS))
        {
            self.open();
        }
    }
}

fn open(config: &LoggerConfig, lines: Weak<Pipeline>) -> Pipeline {
    let protocol = Arc::new(UploadProtocol::new(config, lines));
    // A call may wait for it.
    let spool = spool::Options { begins_small: true, ..config.spool(UPLOADS) };
    let uploads = config.open_with(spool, "maxim-uploads", Arc::clone(&protocol) as Arc<dyn Protocol>);
    protocol.set_spool(uploads.spool());
    uploads
}
