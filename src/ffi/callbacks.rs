//! The host's callbacks: reports on their way out of the library.
//!
//! A callback may do what it likes: take long, wait for a lock of the host's, call the library, fork, free
//! its own logger or another one, end its thread by `pthread_exit`. So it runs on a thread that has nothing else
//! to do, made when there is something to tell and gone afterwards: nothing is delivered later because of it,
//! and whatever ends that thread finds no Rust frame with something to be dropped ([`serve`]). Each
//! logger's callbacks run one after the other, in the order of the news.
//!
//! After `free` no callback starts any more; [`Callbacks::mute`] waits for one that is running on another thread,
//! so that the host may give up `user_data`, but not longer than [`PATIENCE`]. Which loggers a thread is
//! inside a callback of is known to that thread ([`TURNS`]), and a forked child knows of none
//! but its own.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::ffi::{CString, c_char, c_void};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::refusals::{self, Refusals, Refused};
use super::settings::common_fields;
use super::structs::{maxim_log_client_config, maxim_logger_config};
use super::types::{
    CBool, maxim_debug_callback, maxim_error_callback, maxim_flush_callback, maxim_status, null,
};
use crate::delivery::Done;
use crate::process::{self, ForkCell};
use crate::report::{Report, Reporter};
use crate::status::{Error, Result, Status};
use crate::sync::{Condvar, Mutex};

/// How long a logger's end waits for a callback that is running.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often a wait looks whether the host's threads are out of its own functions.
const LOOK: Duration = Duration::from_millis(1);
/// Jobs that wait for a slow callback; what comes then is merged with what waits.
const WAITING_MAX: usize = 256;

/// What the host calls an ended flush's callback.
pub(super) type FlushFunction = unsafe extern "C-unwind" fn(*mut c_void, maxim_status, *const c_char);

/// The callbacks of one logger or client.
#[derive(Clone)]
pub(super) struct Callbacks(Arc<Registered>);

struct Registered {
    refusals: Refusals,
    error: maxim_error_callback,
    debug: maxim_debug_callback,
    is_debug: bool,
    user_data: *mut c_void,
    muted: AtomicBool,
    own: ForkCell<ProcessQueue>,
}

// SAFETY: `user_data` is only handed back to the host's callbacks, which the header says run on
// other threads; the library never looks at it.
unsafe impl Send for Registered {}
// SAFETY: as above.
unsafe impl Sync for Registered {}

/// What belongs to one process.
#[derive(Default)]
struct ProcessQueue {
    queue: Mutex<Queue>,
    ended: Condvar,
    /// Threads of the host's inside a function of its own that a log call calls.
    masking: AtomicUsize,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Job>,
    /// Whether a thread is at it, or about to be.
    is_served: bool,
}

/// One call of a callback.
struct Job {
    call: CallbackCall,
    /// What `call` points to.
    _text: CString,
}

// SAFETY: the pointers in it are the host's `user_data`, as above, and to the job's own text.
unsafe impl Send for Job {}

/// A call as plain data, with nothing in it that would have to be dropped.
#[derive(Clone, Copy)]
struct CallbackCall {
    function: Function,
    user_data: *mut c_void,
    status: maxim_status,
    text: *const c_char,
    records: u64,
}

#[derive(Clone, Copy)]
enum Function {
    Error(unsafe extern "C-unwind" fn(*mut c_void, maxim_status, *const c_char, u64)),
    Debug(unsafe extern "C-unwind" fn(*mut c_void, *const c_char)),
    Flush(FlushFunction),
}

/// A call within a log call of this thread.
struct Within {
    shared: *const Registered,
    outer: *const Within,
}

/// A thread's time with one logger's callbacks.
struct ServingThread {
    shared: Arc<Registered>,
    /// The process that it began in.
    epoch: u64,
    /// Whose text the running callback reads.
    current: Option<Job>,
    is_over: bool,
}

thread_local! {
    /// The loggers that this thread is inside of, the innermost last.
    static TURNS: RefCell<Vec<ServingThread>> = const { RefCell::new(Vec::new()) };
    /// The same for [`Callbacks::call`].
    static WITHIN: Cell<*const Within> = const { Cell::new(ptr::null()) };
}

/// A host's callback on its way to the thread that calls it at the end of a flush.
pub(super) struct FlushCallback {
    function: FlushFunction,
    user_data: *mut c_void,
}

// SAFETY: the header says that the callback runs on a thread of the library.
unsafe impl Send for FlushCallback {}

impl FlushCallback {
    pub(super) fn new(callback: maxim_flush_callback, user_data: *mut c_void) -> Result<FlushCallback> {
        Ok(FlushCallback { function: callback.ok_or_else(|| null("callback"))?, user_data })
    }

    /// What calls it, in its turn among the callbacks of its logger or client.
    pub(super) fn done(self, callbacks: &Arc<Callbacks>) -> Done {
        let callbacks = Arc::clone(callbacks);
        Box::new(move |result| self.call(&callbacks, result))
    }

    fn call(self, callbacks: &Callbacks, result: Result<()>) {
        callbacks.flushed(self.function, self.user_data, result);
    }
}

common_fields!(
    /// Who hears of what.
    GivenCallbacks {
        error_callback: maxim_error_callback,
        debug_callback: maxim_debug_callback,
        is_debug: CBool,
        user_data: *mut c_void,
    }
);

impl Callbacks {
    pub(super) fn new(given: GivenCallbacks) -> Callbacks {
        refusals::is_on();
        let own = ForkCell::new(ProcessQueue::default());
        let refusals = Refusals::default();
        Callbacks(Arc::new(Registered {
            refusals,
            error: given.error_callback,
            debug: given.debug_callback,
            is_debug: given.is_debug.get(),
            user_data: given.user_data,
            muted: AtomicBool::new(false),
            own,
        }))
    }

    /// Runs the body of a call of the host's: hears of its refusal. One that is left for want of memory is counted too, and
    /// where nobody hears of errors, there is a warning.
    #[inline(always)]
    pub(super) fn hearing<R>(&self, body: impl FnOnce() -> Result<R>) -> Result<R> {
        struct Left<'a>(&'a Callbacks);
        impl Drop for Left<'_> {
            #[cold]
            fn drop(&mut self) {
                if self.0.0.refusals.count(Status::NoResources) && self.0.0.error.is_none() {
                    refusals::warn_of_no_memory();
                }
            }
        }
        // Nothing to be done unless it unwinds.
        let left = Left(self);
        let result = body();
        std::mem::forget(left);
        result.inspect_err(|why| self.refused(why))
    }

    /// A call was refused: it is counted, and told to whoever debugs; where nobody hears of errors, there is a warning.
    #[cold]
    #[inline(never)]
    pub(super) fn refused(&self, why: &Error) {
        if self.0.refusals.count(why.status) {
            self.told_or_warned(why.status, &why.detail);
        }
    }

    /// Tells whoever debugs; where nobody hears of errors, there is a warning. What a callback's own call is refused for is not
    /// told to it, which would call it again without end.
    #[cold]
    pub(super) fn told_or_warned(&self, status: Status, message: &str) {
        if self.debug_enabled() {
            if self.0.debug.is_some() && self.0.is_entered_by_this_thread() {
                return;
            }
            self.debug(&format!("{}: {message}", status.name().to_string_lossy()));
        } else if self.0.error.is_none() {
            refusals::warn(status, message);
        }
    }

    /// The refused calls, by reason.
    pub(super) fn refusals(&self) -> Refused {
        self.0.refusals.numbers()
    }

    /// What the host wants to be given back.
    pub(super) fn user_data(&self) -> *mut c_void {
        self.0.user_data
    }

    /// Runs a call of the host's function on this thread, unless the host has been told that there will be none.
    pub(super) fn call(&self, run: impl FnOnce()) {
        // Of a process: a child that is forked in there has none of the other threads that are.
        let own = self.0.own();
        own.masking.fetch_add(1, Ordering::SeqCst);
        if !self.0.muted.load(Ordering::SeqCst) {
            let here = Within { shared: Arc::as_ptr(&self.0), outer: WITHIN.get() };
            WITHIN.set(&here);
            // A host's function may be where its thread is cancelled, which would be in the middle of our call.
            let cancellation = process::hold_cancellation();
            run();
            cancellation.put_back();
            WITHIN.set(here.outer);
        }
        own.masking.fetch_sub(1, Ordering::SeqCst);
    }

    /// Lets no further report out, and waits for a callback that is running on another thread.
    ///
    /// [`Status::Timeout`] when it still runs after [`PATIENCE`].
    pub(super) fn mute(&self) -> Result {
        self.0.muted.store(true, Ordering::SeqCst);
        self.0.own().queue.lock().waiting.retain(|job| matches!(job.call.function, Function::Flush(_)));
        if self.settle(PATIENCE, true) {
            return Ok(());
        }
        let reason = "freed, but a callback is still running: user_data must stay good until it returns";
        Err(Error::new(Status::Timeout, reason))
    }

    /// Runs a call that may wait so long, and lets what it has to tell be told before it returns: a process that
    /// ends or is frozen afterwards has heard of it. A slow callback is waited for as long as [`mute`] waits.
    ///
    /// [`mute`]: Callbacks::mute
    pub(super) fn told_within(
        &self,
        limit: Duration,
        call: impl FnOnce(Duration) -> Result<()>,
    ) -> Result<()> {
        let start = Instant::now();
        let result = call(limit);
        self.settle(limit.saturating_sub(start.elapsed()).min(PATIENCE), false);
        result
    }

    /// Waits until everything has been told, so long at most; whether it has. Within a callback of this
    /// logger's there is nothing to wait for. Calls within log calls are only waited for if that is asked for.
    fn settle(&self, limit: Duration, log_calls_too: bool) -> bool {
        if self.0.is_entered_by_this_thread() {
            return true;
        }
        let own = self.0.own();
        let deadline = Instant::now() + limit;
        let mut queue = own.queue.lock();
        loop {
            let is_masking = log_calls_too && own.masking.load(Ordering::SeqCst) != 0;
            if !queue.is_served && !is_masking {
                return true;
            }
            let now = Instant::now();
            if now >= deadline {
                return false;
            }
            // Nobody tells of the end of a call within a log call.
            let look = if is_masking { deadline.min(now + LOOK) } else { deadline };
            own.ended.wait_until(&mut queue, look);
        }
    }

    /// Tells of the end of a flush, once, whatever has become of the logger.
    fn flushed(&self, function: FlushFunction, user_data: *mut c_void, result: Result<()>) {
        let (status, detail) = match result {
            Ok(()) => (Status::Ok, String::new()),
            Err(error) => (error.status, error.into_detail()),
        };
        self.0.post(Function::Flush(function), user_data, status, &detail, 0);
    }
}

impl Registered {
    fn own(&self) -> &ProcessQueue {
        // A child's threads are its own, and so is what they are to tell.
        self.own.get(|_| ProcessQueue::default())
    }

    fn is_entered_by_this_thread(&self) -> bool {
        let inside = |turns: &RefCell<Vec<ServingThread>>| turns.borrow().iter().any(|turn| turn.is_of(self));
        // A thread that is being torn down is inside of nothing any more.
        TURNS.try_with(inside).unwrap_or(false) || self.is_masking_here()
    }

    fn is_masking_here(&self) -> bool {
        let mut within = WITHIN.get();
        // SAFETY: each stands in a frame of this thread that has not returned.
        while let Some(call) = unsafe { within.as_ref() } {
            if ptr::eq(call.shared, self) {
                return true;
            }
            within = call.outer;
        }
        false
    }

    /// Has a callback called, after those that wait already.
    fn post(
        self: &Arc<Registered>,
        function: Function,
        user_data: *mut c_void,
        status: Status,
        text: &str,
        records: u64,
    ) {
        let text = c_text(text);
        let call = CallbackCall {
            function,
            user_data,
            status: status as maxim_status,
            text: text.as_ptr(),
            records,
        };
        {
            let mut queue = self.own().queue.lock();
            let is_report = !matches!(function, Function::Flush(_));
            if is_report && self.muted.load(Ordering::SeqCst) {
                return;
            }
            queue.add(Job { call, _text: text });
            if std::mem::replace(&mut queue.is_served, true) {
                return;
            }
        }
        self.start();
    }

    /// Begins to call back, on a thread of its own.
    fn start(self: &Arc<Registered>) {
        let shared = Arc::into_raw(Arc::clone(self)).cast_mut().cast();
        if process::spawn_bare(serve, shared).is_err() {
            // Where no thread can be had it is this one, which must not end in a callback.
            let cancellation = process::hold_cancellation();
            serve(shared);
            cancellation.put_back();
        }
    }
}

impl Queue {
    fn add(&mut self, job: Job) {
        let is_full = self.waiting.len() >= WAITING_MAX;
        match job.call.function {
            Function::Debug(_) if is_full => {}
            // No more than there are kinds of trouble.
            Function::Error(_) if is_full => {
                let same = |other: &&mut Job| {
                    matches!(other.call.function, Function::Error(_)) && other.call.status == job.call.status
                };
                match self.waiting.iter_mut().rev().find(same) {
                    Some(other) => other.call.records += job.call.records,
                    None => self.waiting.push_back(job),
                }
            }
            _ => self.waiting.push_back(job),
        }
    }
}

impl CallbackCall {
    const NONE: CallbackCall = {
        unsafe extern "C-unwind" fn nothing(_: *mut c_void, _: *const c_char) {}
        let function = Function::Debug(nothing);
        CallbackCall { function, user_data: ptr::null_mut(), status: 0, text: ptr::null(), records: 0 }
    };

    /// # Safety
    ///
    /// The text is still there.
    unsafe fn make(self) {
        // SAFETY: the host gave these functions for this purpose, with this `user_data`; none is called once
        // its logger has been freed but for those of flushes, which are called once in any case.
        unsafe {
            match self.function {
                Function::Error(function) => function(self.user_data, self.status, self.text, self.records),
                Function::Debug(function) => function(self.user_data, self.text),
                Function::Flush(function) => function(self.user_data, self.status, self.text),
            }
        }
    }
}

/// Calls what is to be called, until nothing is. A callback may end the thread: it is unwound through this
/// function, in which nothing is to be dropped. What is left to do then is done by the end of [`TURNS`].
extern "C-unwind" fn serve(shared: *mut c_void) -> *mut c_void {
    ServingThread::begin(shared);
    let mut call = CallbackCall::NONE;
    // A callback that cancels its thread ends it where it says so itself, or not at all.
    let cancellation = process::hold_cancellation();
    while ServingThread::next(&mut call) {
        cancellation.put_back();
        // SAFETY: the turn keeps the text until its next job.
        unsafe { call.make() };
        process::hold_cancellation();
    }
    cancellation.put_back();
    ptr::null_mut()
}

impl ServingThread {
    /// `shared` is of `Arc::into_raw`.
    fn begin(shared: *mut c_void) {
        // SAFETY: `Registered::start` gives a reference up for this.
        let shared = unsafe { Arc::from_raw(shared.cast_const().cast::<Registered>()) };
        let turn = ServingThread { shared, epoch: process::epoch(), current: None, is_over: false };
        // If the thread is being torn down, the turn is over in this moment.
        let _ = TURNS.try_with(|turns| turns.borrow_mut().push(turn));
    }

    /// The next call of this thread's innermost turn; ends it when there is none.
    fn next(call: &mut CallbackCall) -> bool {
        let next = TURNS.try_with(|turns| {
            let turn = turns.borrow_mut().pop();
            let mut turn = turn?;
            turn.current = turn.take();
            match &turn.current {
                Some(job) => {
                    let call = job.call;
                    turns.borrow_mut().push(turn);
                    Some(call)
                }
                None => {
                    // Nobody else may have begun by the time it is dropped.
                    turn.is_over = true;
                    None
                }
            }
        });
        match next {
            Ok(Some(next)) => {
                *call = next;
                true
            }
            _ => false,
        }
    }

    fn is_of(&self, shared: &Registered) -> bool {
        ptr::eq(&*self.shared, shared) && self.epoch == process::epoch()
    }

    /// The next job; without one, somebody else may serve.
    fn take(&self) -> Option<Job> {
        // A child that was forked in a callback has come back from it: the rest is its parent's.
        if self.epoch != process::epoch() {
            return None;
        }
        let own = self.shared.own();
        let mut queue = own.queue.lock();
        let job = queue.waiting.pop_front();
        if job.is_none() {
            queue.is_served = false;
            own.ended.notify_all();
        }
        job
    }
}

impl Drop for ServingThread {
    /// Of a thread that a callback has ended: another one goes on.
    fn drop(&mut self) {
        if self.is_over || self.epoch != process::epoch() {
            return;
        }
        let own = self.shared.own();
        let mut queue = own.queue.lock();
        if queue.waiting.is_empty() {
            queue.is_served = false;
            own.ended.notify_all();
            return;
        }
        drop(queue);
        self.shared.start();
    }
}

/// Text as C has it; NUL bytes inside would end it early and become spaces.
pub(super) fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', " ")).unwrap_or_default()
}

impl Reporter for Callbacks {
    fn error(&self, report: &Report) {
        if report.status != Status::Ok {
            self.told_or_warned(report.status, &report.message);
        } else if self.debug_enabled() {
            self.debug(&report.message);
        }
        if let Some(callback) = self.0.error {
            let function = Function::Error(callback);
            self.0.post(function, self.0.user_data, report.status, &report.message, report.records);
        }
    }

    fn debug(&self, message: &str) {
        if !self.debug_enabled() {
            return;
        }
        match self.0.debug {
            Some(callback) => {
                self.0.post(Function::Debug(callback), self.0.user_data, Status::Ok, message, 0);
            }
            None => process::write_to_stderr(&format!("maxim: {message}\n")),
        }
    }

    fn debug_enabled(&self) -> bool {
        self.0.is_debug
    }
}
