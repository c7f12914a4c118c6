//! What the library asks of a Unix: clocks, threads, descriptors, files of the caller's, standard error.
//!
//! `windows.rs` beside it gives the same, as far as there is something like it.

use std::borrow::Cow;
use std::ffi::{OsStr, c_void};
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::ptr;

use super::FileFacts;
#[cfg(target_os = "linux")]
use super::Undisturbed;

/// The system's clock, in Unix nanoseconds.
#[inline]
pub fn real_ns() -> i64 {
    read(libc::CLOCK_REALTIME)
}

/// A clock that nobody sets, in nanoseconds.
#[inline]
pub fn monotonic_ns() -> i64 {
    read(libc::CLOCK_MONOTONIC)
}

/// Since the machine was started, in nanoseconds; the time that it slept is included where the system can tell.
pub fn since_boot_ns() -> i64 {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const CLOCK: libc::clockid_t = libc::CLOCK_BOOTTIME;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC;
    read(CLOCK)
}

#[inline]
#[allow(clippy::unnecessary_cast)] // Both have 32 bits on some systems.
fn read(clock: libc::clockid_t) -> i64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a timespec of ours; the clocks asked for exist on every system that this is built for.
    unsafe { libc::clock_gettime(clock, &mut time) };
    (time.tv_sec as i64) * 1_000_000_000 + (time.tv_nsec as i64)
}

/// What the kernel says of its boot, if it says anything: the boot's id, for how many seconds it has run, and by how much
/// this process is shown another time.
pub fn boot() -> (String, String, String) {
    let text = |path| std::fs::read_to_string(path).unwrap_or_default();
    (text("/proc/sys/kernel/random/boot_id"), text("/proc/uptime"), text("/proc/self/timens_offsets"))
}

/// Starts a detached thread that may end as C code's do.
pub fn start_thread(
    body: extern "C-unwind" fn(*mut c_void) -> *mut c_void,
    argument: *mut c_void,
    stack_bytes: usize,
) -> io::Result<()> {
    let mut attributes = MaybeUninit::uninit();
    let mut thread = MaybeUninit::uninit();
    // SAFETY: the attributes are initialised first, used, and destroyed. The two kinds of function differ only in
    // what Rust assumes of their calls, and this one is called by C.
    let failed = unsafe {
        let attributes = attributes.as_mut_ptr();
        if libc::pthread_attr_init(attributes) != 0 {
            return Err(io::Error::from(io::ErrorKind::OutOfMemory));
        }
        libc::pthread_attr_setdetachstate(attributes, libc::PTHREAD_CREATE_DETACHED);
        libc::pthread_attr_setstacksize(attributes, stack_bytes);
        let body = std::mem::transmute::<
            extern "C-unwind" fn(*mut c_void) -> *mut c_void,
            extern "C" fn(*mut c_void) -> *mut c_void,
        >(body);
        let failed = libc::pthread_create(thread.as_mut_ptr(), attributes, body, argument);
        libc::pthread_attr_destroy(attributes);
        failed
    };
    if failed == 0 { Ok(()) } else { Err(io::Error::from_raw_os_error(failed)) }
}

/// Where the calling thread's stack is; `None` where that cannot be told, and in a handler that has another stack, which
/// may lie within this one. May look at a file.
#[cfg(target_os = "linux")]
pub fn own_stack() -> Option<Range<usize>> {
    let mut handlers = MaybeUninit::<libc::stack_t>::uninit();
    // SAFETY: the call only fills `handlers`, which is read if it did.
    unsafe {
        if libc::sigaltstack(ptr::null(), handlers.as_mut_ptr()) != 0
            || handlers.assume_init().ss_flags & libc::SS_ONSTACK != 0
        {
            return None;
        }
    }
    let _undisturbed = Undisturbed::by_handlers();
    let mut attributes = MaybeUninit::uninit();
    let (mut start, mut size) = (ptr::null_mut(), 0);
    // SAFETY: the attributes are initialised by the first call, used by the second, and destroyed.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        let told = libc::pthread_attr_getstack(attributes.as_ptr(), &mut start, &mut size);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        (told == 0).then(|| start as usize..start as usize + size)
    }
}

#[cfg(not(target_os = "linux"))]
pub fn own_stack() -> Option<Range<usize>> {
    None
}

/// Blocks all signals on this thread, from which a new thread inherits its mask, until dropped.
pub struct SignalsBlocked {
    before: libc::sigset_t,
}

impl SignalsBlocked {
    pub fn new() -> SignalsBlocked {
        // SAFETY: both sets are plain memory that the calls fill before anything reads it.
        unsafe {
            let mut all = std::mem::zeroed();
            let mut before = std::mem::zeroed();
            libc::sigfillset(&mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
            SignalsBlocked { before }
        }
    }
}

impl Drop for SignalsBlocked {
    fn drop(&mut self) {
        // SAFETY: `before` was filled by `pthread_sigmask` on this same thread.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.before, ptr::null_mut()) };
    }
}

/// The first number that is nobody's standard input, output or error.
const FIRST: i32 = 3;

/// The same open file or socket under a number that no `printf` writes to and no `getchar` reads from: the system gives the
/// lowest free number, which is a standard one where the host has closed that.
pub fn beyond_standard(descriptor: impl Into<OwnedFd>) -> io::Result<OwnedFd> {
    let descriptor = descriptor.into();
    if descriptor.as_raw_fd() >= FIRST {
        return Ok(descriptor);
    }
    Ok(rustix::io::fcntl_dupfd_cloexec(&descriptor, FIRST)?)
}

/// What tells a socket from anything else under its number.
#[allow(clippy::unnecessary_cast)] // the fields differ in width between platforms
pub fn socket_identity(socket: &impl AsFd) -> io::Result<(u64, u64)> {
    let found = rustix::fs::fstat(socket)?;
    Ok((found.st_dev as u64, found.st_ino as u64))
}

/// Opens a file of the caller's for reading. Opening a pipe would otherwise wait for somebody to write to it.
pub fn open_for_reading(path: &Path) -> io::Result<File> {
    let opened = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path);
    opened.and_then(beyond_standard).map(File::from)
}

/// What an open file is.
pub fn file_facts(file: &File) -> io::Result<FileFacts> {
    file.metadata().map(|found| FileFacts::of(&found))
}

/// What is at a path, without opening it.
pub fn facts_at(path: &Path) -> io::Result<FileFacts> {
    std::fs::metadata(path).map(|found| FileFacts::of(&found))
}

impl FileFacts {
    fn of(found: &Metadata) -> FileFacts {
        FileFacts {
            device: found.dev(),
            number: found.ino(),
            size: found.size(),
            modified: (found.mtime(), found.mtime_nsec()),
            is_file: found.is_file(),
        }
    }
}

/// Whether a file cannot be read because this process, the machine or a server of files is short of something.
pub fn is_passing(error: &io::Error) -> bool {
    let passing = [
        libc::EMFILE,
        libc::ENFILE,
        libc::ENOMEM,
        libc::EINTR,
        libc::EIO,
        libc::ESTALE,
        libc::ETIMEDOUT,
        libc::EHOSTDOWN,
        libc::EHOSTUNREACH,
    ];
    error.raw_os_error().is_some_and(|code| passing.contains(&code))
}

/// That there is no memory, as the system says it.
pub fn out_of_memory() -> io::Error {
    io::Error::from_raw_os_error(libc::ENOMEM)
}

/// The path that a C text names.
pub fn path_of(text: &[u8]) -> Cow<'_, Path> {
    Cow::Borrowed(Path::new(OsStr::from_bytes(text)))
}

/// Writes to standard error, as much as it takes. Not by the standard library, whose lock for it a forked child may find
/// taken, and which panics when nobody reads.
pub fn write_to_stderr(line: &str) {
    // SAFETY: the line is readable for its length; a failure is no harm.
    unsafe { libc::write(libc::STDERR_FILENO, line.as_ptr().cast(), line.len()) };
}

/// Whether standard error can take something at once.
pub fn stderr_is_ready() -> bool {
    let mut standard_error = libc::pollfd { fd: libc::STDERR_FILENO, events: libc::POLLOUT, revents: 0 };
    // SAFETY: one structure is given, and lasts for the call.
    let ready = unsafe { libc::poll(&mut standard_error, 1, 0) };
    ready == 1 && standard_error.revents == libc::POLLOUT
}
