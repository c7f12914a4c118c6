//! The types that cross the boundary by value: strings, ids, booleans, callbacks, and how each
//! becomes a Rust value.
//!
//! Everything unsafe about reading a foreign string or struct is here, once.

use std::ffi::{CString, c_char, c_void};
use std::mem::{MaybeUninit, size_of};
use std::path::PathBuf;
use std::time::Duration;
use std::{ptr, slice};

use super::handle::{self, Handled};
use super::lossy;
use crate::process;
use crate::status::{Error, Result, Status};
use crate::text::object::Json;
use crate::text::{self, escape, id};

/// The result of a call: `MAXIM_OK` (0) or one of the `MAXIM_ERR_…` codes.
///
/// Codes are never reused and never renumbered. `maxim_status_str` names one, `maxim_last_error`
/// gives the detail of the last one that failed on the calling thread.
#[allow(non_camel_case_types)]
pub type maxim_status = i32;

/// The value of `maxim_str.len` that says "up to the terminating NUL".
pub const NTS: usize = usize::MAX;

/// A string given to the library: UTF-8 text of `len` bytes at `data`, borrowed for the call only.
///
/// - `{NULL, 0}` means absent, which is not the same as empty (`{"", 0}`).
/// - `len == MAXIM_NTS` means that the text ends at the first NUL byte.
/// - NUL bytes within `len` are content, not an end.
///
/// Make one with `MAXIM_STR("literal")`, `maxim_str_z(pointer)` or `maxim_str_n(pointer, length)`.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct maxim_str {
    /// First byte of the text, or NULL when absent. The caller keeps it; the library copies.
    pub data: *const c_char,
    /// Length in bytes, or `MAXIM_NTS`.
    pub len: usize,
}

/// An id written by the library, given or generated: up to 256 characters and a terminating NUL.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct maxim_id {
    /// The text, NUL-terminated.
    pub text: [c_char; 257],
}

const _: () = assert!(size_of::<maxim_id>() == id::MAX_ID_LEN + 1);

/// One tag. In an array, as the `tags` of a config or of a `maxim_…_add_tags`.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct maxim_tag {
    /// Its name. Required.
    pub key: maxim_str,
    /// Its value. Required.
    pub value: maxim_str,
}

/// A C `bool` as it may arrive: any byte but 0 is true, so that no caller can make an invalid one.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct CBool(u8);

impl CBool {
    /// What C calls `true`.
    pub(super) const TRUE: CBool = CBool(1);

    pub(super) fn get(self) -> bool {
        self.0 != 0
    }
}

/// Called when something went wrong after a call had returned: records dropped, a batch refused, a
/// key not accepted, an attachment unreadable.
///
/// `message` is NUL-terminated text, valid during the call only; `records` says how many records it
/// concerns (0: none). While a trouble lasts, each status is reported at most once per 10 s; the next report gives the number
/// suppressed. Once records are delivered again, that is reported as MAXIM_OK, and what comes after it is a new trouble.
/// Every record that is refused or dropped for good is part of some report, so that the numbers add up.
/// MAXIM_ERR_SPOOL_FULL tells of records that were dropped because the configured space was full,
/// MAXIM_ERR_TIMEOUT because they were older than `max_age_ms`, MAXIM_ERR_IO because their files had been damaged or
/// removed.
///
/// Runs on a thread that the library makes for it, with all signals blocked and with no lock held; one at a time
/// for each logger or client. So it may take its time, call the library, wait for it, free its own logger
/// or another one, fork, and end its thread with `pthread_exit` or by cancelling it; delivery goes on meanwhile. No exception
/// may leave it. (Where no thread can be created it runs on one of the library's own or inside `maxim_flush`, and
/// must return; it never runs on the thread of a log call.)
#[allow(non_camel_case_types)]
pub type maxim_error_callback = Option<
    unsafe extern "C-unwind" fn(
        user_data: *mut c_void,
        status: maxim_status,
        message: *const c_char,
        records: u64,
    ),
>;

/// Called with one line of debug output, NUL-terminated and valid during the call only. Threads as
/// for `maxim_error_callback`. It may log with the same logger; what such a call is refused for is counted in the stats and
/// not told to it.
#[allow(non_camel_case_types)]
pub type maxim_debug_callback =
    Option<unsafe extern "C-unwind" fn(user_data: *mut c_void, message: *const c_char)>;

/// Called once when a flush that was started with `maxim_flush_async` has ended: `MAXIM_OK` when
/// all was delivered, else the status and a NUL-terminated detail, valid during the call only.
/// Threads as for `maxim_error_callback`.
#[allow(non_camel_case_types)]
pub type maxim_flush_callback =
    Option<unsafe extern "C-unwind" fn(user_data: *mut c_void, status: maxim_status, detail: *const c_char)>;

/// Given one text of a record before it is kept, to replace it.
///
/// `entity` is one of MAXIM_ENTITY_… or MAXIM_MASK_LOG_ENTRY. `field` is the NUL-terminated name of the
/// member that the text is in, those within it behind dots, as in `messages.content`. `text` has `length`
/// bytes of UTF-8 and is not NUL-terminated; both are valid during the call only. `*out` is absent at
/// first: leave it so to keep the text, or set it to another one (empty to remove it), which must stay valid until
/// the callback is called again on this thread or the log call returns.
///
/// Returns 0, or anything else when it failed: then the text is dropped, and the record goes without it.
/// So is a text whose replacement is not UTF-8. Runs on the thread of the log call, inside it, with no lock
/// held; every thread that logs may be in it at once. What it logs itself has its texts dropped. It must return: no
/// exception, `longjmp` or `pthread_exit` may leave it. A thread that is cancelled meanwhile ends after the log call.
#[allow(non_camel_case_types)]
pub type maxim_mask_callback = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        entity: i32,
        field: *const c_char,
        text: *const c_char,
        length: usize,
        out: *mut maxim_str,
    ) -> i32,
>;

/// The longest text or JSON that is read at all: no record holds more, and an attachment of the usual limit, which JSON
/// may have as base64, has a sixth less.
pub(super) const LONGEST_TEXT: usize = 160 << 20;

/// Texts up to this are rewritten within what is always there ([`process::is_short_of`]).
const LARGE_TEXT: usize = 8 << 10;
/// What a text takes while it is rewritten: bytes that are not UTF-8 become three each, and a buffer doubles.
const TAKEN_BY_TEXT: usize = 6;

#[cold]
fn check_large(name: &str, len: usize) -> Result<()> {
    if len > LONGEST_TEXT {
        return Err(too_long(name, len));
    }
    if process::is_short_of(len * TAKEN_BY_TEXT) {
        return Err(Error::new(
            Status::NoResources,
            format!("{name}: there is not enough memory for {len} bytes"),
        ));
    }
    Ok(())
}

/// The bytes of an argument, or `None` when it is absent.
#[inline(always)]
fn optional_bytes<'a>(name: &str, text: maxim_str) -> Result<Option<&'a [u8]>> {
    let mut len = text.len;
    if len > LARGE_TEXT {
        if len == NTS {
            if text.data.is_null() {
                return Ok(None);
            }
            // SAFETY: the caller promises a NUL-terminated text.
            len = unsafe { libc::strlen(text.data) };
        }
        check_large(name, len)?;
    }
    if text.data.is_null() {
        return Ok(None);
    }
    // SAFETY: every export documents that its strings have `len` readable bytes that nobody changes during the
    // call, and no `'a` outlives the call: exports hand these references to no one who keeps them. So short a
    // text fits a slice.
    Ok(Some(unsafe { slice::from_raw_parts(text.data.cast(), len) }))
}

/// By its length alone.
#[cold]
fn too_long(name: &str, len: usize) -> Error {
    if len > isize::MAX as usize {
        let reason =
            format!("{name}: a length of {len} bytes cannot be; pass MAXIM_NTS for a NUL-terminated text");
        return Error::new(Status::InvalidArgument, reason);
    }
    Error::new(Status::TooLarge, format!("{name}: {len} bytes; a text may have at most {LONGEST_TEXT}"))
}

/// A text that may be absent; `name` is the argument's name for the error.
#[inline(always)]
pub(super) fn optional<'a>(name: &str, text: maxim_str) -> Result<Option<&'a str>> {
    match optional_bytes(name, text)? {
        Some(bytes) => utf8(name, bytes).map(Some),
        None => Ok(None),
    }
}

/// A text that must be there.
#[inline(always)]
pub(super) fn required<'a>(name: &str, text: maxim_str) -> Result<&'a str> {
    match optional_bytes(name, text)? {
        Some(bytes) => utf8(name, bytes),
        None => Err(absent(name)),
    }
}

#[inline(always)]
fn utf8<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str> {
    if escape::is_ascii(bytes) {
        // Most arguments are short and ASCII, for which the general check takes several times as long.
        // SAFETY: ASCII is UTF-8.
        return Ok(unsafe { std::str::from_utf8_unchecked(bytes) });
    }
    escape::validate_utf8(bytes).or_else(|error| not_utf8(name, bytes, error.valid_up_to))
}

#[cold]
fn not_utf8<'a>(name: &str, bytes: &[u8], valid_up_to: usize) -> Result<&'a str> {
    if text::lossy::active() {
        return Ok(lossy::keep(text::lossy::utf8(bytes).into_owned()));
    }
    Err(Error::new(
        Status::InvalidUtf8,
        format!("{name}: not UTF-8 at byte {valid_up_to}; convert it, or set `lossy`"),
    ))
}

#[cold]
fn absent(name: &str) -> Error {
    Error::new(Status::InvalidArgument, format!("{name}: must be given"))
}

/// An id that must be there and match `[A-Za-z0-9_-]+`.
#[inline(always)]
pub(super) fn required_id<'a>(name: &str, text: maxim_str) -> Result<&'a str> {
    match optional_bytes(name, text)? {
        Some(bytes) => checked_id(name, bytes),
        None => Err(absent(name)),
    }
}

/// An id that may be absent.
#[inline(always)]
pub(super) fn optional_id<'a>(name: &str, text: maxim_str) -> Result<Option<&'a str>> {
    match optional_bytes(name, text)? {
        Some(bytes) => checked_id(name, bytes).map(Some),
        None => Ok(None),
    }
}

#[inline(always)]
fn checked_id<'a>(name: &str, bytes: &'a [u8]) -> Result<&'a str> {
    if id::is_valid_id(bytes) {
        // SAFETY: an id consists of ASCII letters, digits, `_` and `-`.
        return Ok(unsafe { std::str::from_utf8_unchecked(bytes) });
    }
    bad_id(name, bytes)
}

#[cold]
fn bad_id<'a>(name: &str, bytes: &[u8]) -> Result<&'a str> {
    let changed = if text::lossy::active() { text::lossy::id(bytes) } else { None };
    if let Some(id) = changed {
        return Ok(lossy::keep(id));
    }
    let text = utf8(name, bytes)?;
    if text.is_empty() {
        let reason = format!("{name}: the id is empty; was the call that should have made it refused?");
        return Err(Error::new(Status::InvalidId, reason));
    }
    let shown: String = text.chars().take(64).flat_map(char::escape_debug).collect();
    Err(Error::new(
        Status::InvalidId,
        format!("{name}: \"{shown}\" is not an id: 1 to {} characters of A-Z a-z 0-9 _ -", id::MAX_ID_LEN),
    ))
}

/// A JSON text that may be absent; parsed where it is used.
pub(super) fn optional_json<'a>(name: &'static str, text: maxim_str) -> Result<Option<Json<'a>>> {
    // JSON is checked for UTF-8 while it is parsed, so that it is read once.
    optional_bytes(name, text).map(|bytes| bytes.map(|bytes| Json { name, bytes }))
}

/// A JSON text, or null when it is absent.
pub(super) fn json_or_null<'a>(name: &'static str, text: maxim_str) -> Result<Json<'a>> {
    Ok(optional_json(name, text)?.unwrap_or(Json { name, bytes: b"null" }))
}

/// A JSON text that must be there.
pub(super) fn required_json<'a>(name: &'static str, text: maxim_str) -> Result<Json<'a>> {
    optional_json(name, text)?.ok_or_else(|| absent(name))
}

/// Bytes given as a pointer and a length.
pub(super) fn bytes<'a>(name: &str, data: *const u8, len: usize) -> Result<&'a [u8]> {
    if data.is_null() {
        return if len == 0 { Ok(&[]) } else { Err(null(name)) };
    }
    if len > isize::MAX as usize {
        return Err(Error::new(
            Status::InvalidArgument,
            format!("{name}: a length of {len} bytes cannot be"),
        ));
    }
    // SAFETY: the export documents `len` readable bytes at `data` for the call.
    Ok(unsafe { slice::from_raw_parts(data, len) })
}

/// The items of an array; NULL where there is none.
pub(super) fn array<T: Copy>(name: &str, items: *const T, count: usize) -> Result<impl Iterator<Item = T>> {
    if items.is_null() && count != 0 {
        return Err(null(name));
    }
    if count > isize::MAX as usize / size_of::<T>() {
        return Err(Error::new(Status::InvalidArgument, format!("{name}: {count} of them cannot be")));
    }
    // SAFETY: the export documents `count` readable items for the call, of whatever alignment.
    Ok((0..count).map(move |at| unsafe { ptr::read_unaligned(items.add(at)) }))
}

#[cold]
pub(super) fn null(name: &str) -> Error {
    Error::new(Status::NullPointer, format!("{name}: must not be NULL"))
}

/// Structs that start with `size_t struct_size` and consist of integers, pointers and [`CBool`]s.
///
/// # Safety
/// The implementor is `repr(C)`, its first field is `struct_size: usize`, and every bit pattern,
/// all zeros included, is a valid value of it.
pub(super) unsafe trait SizedStruct: Copy {
    /// The struct's and its initialiser's name in the header, for the error message.
    const NAME: &'static str;

    /// The struct as its initialiser leaves it.
    fn defaults() -> Self;
}

/// A struct of zeros.
pub(super) fn zeros<T: SizedStruct>() -> T {
    // SAFETY: by the trait's contract all zeros are a valid value.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

/// A caller's configuration; NULL stands for its defaults.
#[inline]
pub(super) fn config_or_defaults<T: SizedStruct>(given: *const T) -> Result<T> {
    if given.is_null() { Ok(T::defaults()) } else { read(given) }
}

/// Fills a caller's struct with its defaults, as much of it as the caller's size covers.
pub(super) fn initialise<T: SizedStruct>(out: *mut T, size: usize) -> Result<()> {
    if out.is_null() {
        return Err(null(T::NAME));
    }
    check_size::<T>(size)?;
    // SAFETY: the caller promises `size` writable bytes; what is beyond the library's struct becomes zero.
    unsafe { ptr::write_bytes(out.cast::<u8>(), 0, size) };
    // SAFETY: as above.
    unsafe { ptr::write_unaligned(out.cast::<usize>(), size) };
    write_sized(out, &T::defaults())
}

/// Reads a caller's struct, as much of it as the caller's `struct_size` covers; the rest has its default. What a later
/// header has behind the end of ours must be zero: a field that says what must not be sent is not ignored.
#[inline]
pub(super) fn read<T: SizedStruct>(given: *const T) -> Result<T> {
    if given.is_null() {
        return Err(null(T::NAME));
    }
    // SAFETY: every such struct starts with its size, and the pointer is not NULL; the caller
    // promises a readable struct. Alignment is not promised by every language, so none is assumed.
    let size = unsafe { ptr::read_unaligned(given.cast::<usize>()) };
    if size == size_of::<T>() {
        // SAFETY: the caller's struct has all of ours, in which every bit pattern is valid.
        return Ok(unsafe { ptr::read_unaligned(given) });
    }
    check_size::<T>(size)?;
    check_tail(given, size)?;
    let mut value = T::defaults();
    // SAFETY: the caller's struct has `size` bytes, ours has at least what is copied, and by the
    // trait's contract the bytes make a valid value.
    unsafe {
        let bytes = ptr::from_mut(&mut value).cast::<u8>();
        ptr::copy_nonoverlapping(given.cast::<u8>(), bytes, size.min(size_of::<T>()));
    }
    Ok(value)
}

/// Writes a result struct, as much of it as the caller's `struct_size` covers, which it keeps.
pub(super) fn write_sized<T: SizedStruct>(out: *mut T, value: &T) -> Result<()> {
    if out.is_null() {
        return Err(null(T::NAME));
    }
    // SAFETY: as in `read`.
    let size = unsafe { ptr::read_unaligned(out.cast::<usize>()) };
    check_size::<T>(size)?;
    let head = size_of::<usize>();
    // SAFETY: both structs have at least that many bytes; the size field itself is left as it was.
    unsafe {
        ptr::copy_nonoverlapping(
            ptr::from_ref(value).cast::<u8>().add(head),
            out.cast::<u8>().add(head),
            size.min(size_of::<T>()) - head,
        );
    }
    Ok(())
}

/// No struct of this ABI comes near this; a larger size is an uninitialised one.
const MAX_STRUCT_SIZE: usize = 64 * 1024;

fn check_size<T: SizedStruct>(size: usize) -> Result<()> {
    if (size_of::<usize>()..=MAX_STRUCT_SIZE).contains(&size) {
        return Ok(());
    }
    Err(Error::new(
        Status::InvalidArgument,
        format!("{}: struct_size is {size}; initialise the struct with its …_INIT macro", T::NAME),
    ))
}

/// What a struct of `size` bytes has behind the end of ours is zero.
#[cold]
fn check_tail<T: SizedStruct>(given: *const T, size: usize) -> Result<()> {
    let ours = size_of::<T>();
    let Some(len) = size.checked_sub(ours).filter(|len| *len > 0) else { return Ok(()) };
    // SAFETY: the caller promises as many readable bytes as its `struct_size` says, within `MAX_STRUCT_SIZE`.
    let tail = unsafe { slice::from_raw_parts(given.cast::<u8>().add(ours), len) };
    match tail.iter().position(|byte| *byte != 0) {
        None => Ok(()),
        Some(at) => Err(Error::new(
            Status::InvalidArgument,
            format!(
                "{}: a field at byte {} is set that this library does not know; it is older than the header",
                T::NAME,
                ours + at
            ),
        )),
    }
}

/// Writes an output that may be NULL.
pub(super) fn write<T>(out: *mut T, value: T) {
    if !out.is_null() {
        // SAFETY: the caller promises room for a `T`, of whatever alignment.
        unsafe { ptr::write_unaligned(out, value) };
    }
}

/// Says that there is no handle yet, where one is to be written.
pub(super) fn no_handle<T>(out: *mut *mut T) -> Result<()> {
    if out.is_null() {
        return Err(null("out"));
    }
    write(out, ptr::null_mut());
    Ok(())
}

/// Writes the handle of a new object.
pub(super) fn write_handle<T, O: Handled>(out: *mut *mut T, object: O) -> Result<()> {
    write(out, ptr::without_provenance_mut(handle::insert(object)?));
    Ok(())
}

/// Writes a text and its NUL to the caller's `capacity` bytes.
pub(super) fn write_text(name: &str, out: *mut c_char, capacity: usize, text: &[u8]) -> Result<()> {
    if capacity <= text.len() {
        return Err(Error::new(
            Status::TooLarge,
            format!("{name}: {} bytes and a NUL are needed", text.len()),
        ));
    }
    if out.is_null() {
        return Err(null(name));
    }
    // SAFETY: the caller promises `capacity` writable bytes, which are more than the text has.
    unsafe {
        ptr::copy_nonoverlapping(text.as_ptr(), out.cast::<u8>(), text.len());
        out.cast::<u8>().add(text.len()).write(0);
    }
    Ok(())
}

/// Writes an id with its NUL to an optional output. What is behind the NUL stays as it was.
#[inline]
pub(super) fn write_id(out: *mut maxim_id, text: &str) {
    if out.is_null() {
        return;
    }
    debug_assert!(text.len() <= id::MAX_ID_LEN, "ids are checked before they are used");
    let length = text.len().min(id::MAX_ID_LEN);
    // SAFETY: the caller promises room for a `maxim_id`, and `length` and a NUL fit one.
    unsafe {
        ptr::copy_nonoverlapping(text.as_ptr(), out.cast::<u8>(), length);
        out.cast::<u8>().add(length).write(0);
    }
}

/// Refuses a member of a configuration that the call has no use for, if it is given.
#[inline]
pub(super) fn unused(name: &str, is_given: bool) -> Result<()> {
    if !is_given {
        return Ok(());
    }
    Err(Error::new(Status::InvalidArgument, format!("{name}: this call has no use for it; leave it absent")))
}

/// One of a list, by its number in the ABI.
pub(super) fn enum_from_abi<T: Copy>(name: &str, number: i32, all: &[T]) -> Result<T> {
    usize::try_from(number).ok().and_then(|at| all.get(at)).copied().ok_or_else(|| {
        Error::new(Status::InvalidArgument, format!("{name}: {number} is not one of its constants"))
    })
}

/// A limit of time as a caller gives it.
pub(super) fn milliseconds(timeout_ms: u32) -> Duration {
    Duration::from_millis(timeout_ms.into())
}

/// A path for a C caller.
pub(super) fn c_path(path: Option<PathBuf>) -> Option<CString> {
    CString::new(path?.into_os_string().into_encoded_bytes()).ok()
}

/// What a C caller is given of a text that may be absent.
pub(super) fn c_pointer(text: &Option<CString>) -> *const c_char {
    text.as_ref().map_or(ptr::null(), |text| text.as_ptr())
}
