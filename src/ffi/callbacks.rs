//! The host's callbacks: reports on their way out of the library.
//!
//! After `free` no callback runs any more: [`Callbacks::mute`] waits for one that is running on
//! another thread, so that the host may give up `user_data` afterwards.

use std::ffi::{CString, c_void};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::types::{maxim_debug_callback, maxim_error_callback, maxim_status};
use crate::report::{Report, Reporter};

/// The callbacks of one logger or client.
pub(super) struct Callbacks {
    error: maxim_error_callback,
    debug: maxim_debug_callback,
    is_debug: bool,
    user_data: *mut c_void,
    muted: AtomicBool,
    running: AtomicUsize,
}

// SAFETY: `user_data` is only handed back to the host's callbacks, which the header says run on
// other threads; the library never looks at it.
unsafe impl Send for Callbacks {}
// SAFETY: as above.
unsafe impl Sync for Callbacks {}

thread_local! {
    /// Whether this thread is inside a callback of ours.
    static INSIDE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

impl Callbacks {
    pub(super) fn new(
        error: maxim_error_callback,
        debug: maxim_debug_callback,
        is_debug: bool,
        user_data: *mut c_void,
    ) -> Callbacks {
        Callbacks {
            error,
            debug,
            is_debug,
            user_data,
            muted: AtomicBool::new(false),
            running: AtomicUsize::new(0),
        }
    }

    /// What the host wants to be given back.
    pub(super) fn user_data(&self) -> *mut c_void {
        self.user_data
    }

    /// Lets no further callback run, and waits for those that are running on other threads.
    pub(super) fn mute(&self) {
        self.muted.store(true, Ordering::SeqCst);
        // A callback that frees its own logger cannot wait for itself.
        if INSIDE.get() {
            return;
        }
        while self.running.load(Ordering::SeqCst) != 0 {
            thread::sleep(Duration::from_micros(50));
        }
    }

    /// Runs a call of the host's function, unless the host has been told that there will be none.
    pub(super) fn call(&self, run: impl FnOnce()) {
        self.running.fetch_add(1, Ordering::SeqCst);
        if !self.muted.load(Ordering::SeqCst) {
            let outer = INSIDE.replace(true);
            run();
            INSIDE.set(outer);
        }
        self.running.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Text as C has it; NUL bytes inside would end it early and become spaces.
pub(super) fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', " ")).unwrap_or_default()
}

impl Reporter for Callbacks {
    fn error(&self, report: &Report) {
        if self.debug_enabled() {
            self.debug(&format!("{}: {}", report.status.name().to_string_lossy(), report.message));
        }
        if let Some(callback) = self.error {
            let message = c_text(&report.message);
            // SAFETY: the host gave this function for this purpose; it is not called after `mute`.
            self.call(|| unsafe {
                callback(self.user_data, report.status as maxim_status, message.as_ptr(), report.records);
            });
        }
    }

    fn debug(&self, message: &str) {
        if !self.is_debug {
            return;
        }
        match self.debug {
            Some(callback) => {
                let message = c_text(message);
                // SAFETY: as in `error`.
                self.call(|| unsafe { callback(self.user_data, message.as_ptr()) });
            }
            None => eprintln!("maxim: {message}"),
        }
    }

    fn debug_enabled(&self) -> bool {
        self.is_debug
    }
}
