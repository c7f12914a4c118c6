//! What the library asks of Windows: the counterpart of `unix.rs`, by the system's own means.
//!
//! Absent, as there is nothing like it: `fork`, signals, the cancellation of threads, and a host that closes or
//! replaces handles which it does not know (their numbers are not given out in order).

use std::borrow::Cow;
use std::ffi::c_void;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::mem::MaybeUninit;
use std::ops::Range;
use std::os::windows::fs::OpenOptionsExt;
use std::os::windows::io::{AsRawHandle, AsRawSocket};
use std::path::Path;
use std::ptr;
use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use windows_sys::Win32::Foundation::{
    CloseHandle, ERROR_NOT_ENOUGH_MEMORY, ERROR_SHARING_VIOLATION, ERROR_TOO_MANY_OPEN_FILES, FILETIME,
};
use windows_sys::Win32::Storage::FileSystem::{
    BY_HANDLE_FILE_INFORMATION, FILE_ATTRIBUTE_DIRECTORY, FILE_FLAG_BACKUP_SEMANTICS, FILE_READ_ATTRIBUTES,
    FILE_TYPE_DISK, GetFileInformationByHandle, GetFileType,
};
use windows_sys::Win32::System::SystemInformation::GetTickCount64;
use windows_sys::Win32::System::Threading::{CreateThread, STACK_SIZE_PARAM_IS_A_RESERVATION};

use super::FileFacts;

/// The system's clock, in Unix nanoseconds.
#[inline]
pub fn real_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_nanos() as i64)
}

/// A clock that nobody sets, in nanoseconds.
#[inline]
pub fn monotonic_ns() -> i64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as i64
}

/// Since the machine was started, in nanoseconds, with the time that it slept.
pub fn since_boot_ns() -> i64 {
    // SAFETY: it has no preconditions.
    unsafe { GetTickCount64() as i64 * 1_000_000 }
}

/// Windows says nothing of its boot that no clock's setting changes.
pub fn boot() -> (String, String, String) {
    Default::default()
}

/// Starts a thread that nobody waits for and that may end by `ExitThread`.
pub fn start_thread(
    body: extern "C-unwind" fn(*mut c_void) -> *mut c_void,
    argument: *mut c_void,
    stack_bytes: usize,
) -> io::Result<()> {
    type Body = (extern "C-unwind" fn(*mut c_void) -> *mut c_void, *mut c_void);
    unsafe extern "system" fn run(given: *mut c_void) -> u32 {
        // SAFETY: it is what is given below, to this thread alone.
        let (body, argument) = *unsafe { Box::from_raw(given.cast::<Body>()) };
        body(argument);
        0
    }
    let given: *mut Body = Box::into_raw(Box::new((body, argument)));
    let flags = STACK_SIZE_PARAM_IS_A_RESERVATION;
    // SAFETY: `run` takes what it is given, and frees it.
    let thread =
        unsafe { CreateThread(ptr::null(), stack_bytes, Some(run), given.cast(), flags, ptr::null_mut()) };
    if thread.is_null() {
        let error = io::Error::last_os_error();
        // SAFETY: there is no thread that could have taken it.
        drop(unsafe { Box::from_raw(given) });
        return Err(error);
    }
    // SAFETY: the handle is ours; the thread goes on without it.
    unsafe { CloseHandle(thread) };
    Ok(())
}

/// No handler of a signal leaves a log call by jumping out of it.
pub fn own_stack() -> Option<Range<usize>> {
    None
}

/// There are no signals to be blocked.
pub struct SignalsBlocked;

impl SignalsBlocked {
    pub fn new() -> SignalsBlocked {
        SignalsBlocked
    }
}

/// As it is: standard handles have no numbers that others could get.
pub fn beyond_standard<T>(handle: T) -> io::Result<T> {
    Ok(handle)
}

/// A socket's own number, which no other gets while it is open.
pub fn socket_identity(socket: &impl AsRawSocket) -> io::Result<(u64, u64)> {
    Ok((0, socket.as_raw_socket()))
}

/// Opens a file of the caller's for reading. A pipe is opened too, and then is no file ([`FileFacts::is_file`]).
pub fn open_for_reading(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// What an open file is.
pub fn file_facts(file: &File) -> io::Result<FileFacts> {
    let mut found = MaybeUninit::<BY_HANDLE_FILE_INFORMATION>::zeroed();
    // SAFETY: the handle is open, and the call writes one structure to the place given. All zeros is valid for it.
    let (is_told, kind, found) = unsafe {
        let handle = file.as_raw_handle();
        let kind = GetFileType(handle);
        let is_told = GetFileInformationByHandle(handle, found.as_mut_ptr()) != 0;
        (is_told, kind, found.assume_init())
    };
    if !is_told && kind == FILE_TYPE_DISK {
        return Err(io::Error::last_os_error());
    }
    let joined = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
    let FILETIME { dwLowDateTime: low, dwHighDateTime: high } = found.ftLastWriteTime;
    /// Windows counts 100 ns from 1601 on.
    const TICKS: u64 = 10_000_000;
    const UNIX_SECONDS: i64 = 11_644_473_600;
    let written = joined(high, low);
    Ok(FileFacts {
        device: found.dwVolumeSerialNumber.into(),
        number: joined(found.nFileIndexHigh, found.nFileIndexLow),
        size: joined(found.nFileSizeHigh, found.nFileSizeLow),
        modified: ((written / TICKS) as i64 - UNIX_SECONDS, (written % TICKS * 100) as i64),
        is_file: kind == FILE_TYPE_DISK && found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY == 0,
    })
}

/// What is at a path, without opening it for reading.
pub fn facts_at(path: &Path) -> io::Result<FileFacts> {
    let mut options = OpenOptions::new();
    options.access_mode(FILE_READ_ATTRIBUTES).custom_flags(FILE_FLAG_BACKUP_SEMANTICS);
    file_facts(&options.open(path)?)
}

/// Whether a file cannot be read because this process, the machine or whoever else has it open is in the way.
pub fn is_passing(error: &io::Error) -> bool {
    let passing = [ERROR_TOO_MANY_OPEN_FILES, ERROR_NOT_ENOUGH_MEMORY, ERROR_SHARING_VIOLATION];
    error.raw_os_error().is_some_and(|code| passing.contains(&(code as u32)))
}

/// That there is no memory, as the system says it.
pub fn out_of_memory() -> io::Error {
    io::Error::from_raw_os_error(ERROR_NOT_ENOUGH_MEMORY as i32)
}

/// The path that a text names, which is UTF-8 here.
pub fn path_of(text: &[u8]) -> Cow<'_, Path> {
    match String::from_utf8_lossy(text) {
        Cow::Borrowed(text) => Cow::Borrowed(Path::new(text)),
        Cow::Owned(text) => Cow::Owned(text.into()),
    }
}

/// Writes to standard error, as much as it takes.
pub fn write_to_stderr(line: &str) {
    let _ = io::stderr().write_all(line.as_bytes());
}

/// Whether standard error can take something at once: Windows does not say, and most often it can.
pub fn stderr_is_ready() -> bool {
    true
}
