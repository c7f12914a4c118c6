//! Providers' results: how they are taken, and what they become, as a function.

use std::ffi::c_char;

use super::boundary::boundary;
use super::maxim_result_flags;
use super::types::*;
use crate::maxim::result::Mode;
use crate::status::{Error, Result, Status};

/// The flags of `maxim_generation_result`.
pub(super) fn result_mode(flags: u32) -> Result<Mode> {
    match flags {
        0 => Ok(Mode::Lenient),
        super::MAXIM_RESULT_FORCE => Ok(Mode::Force),
        super::MAXIM_RESULT_STRICT => Ok(Mode::Strict),
        other => {
            Err(Error::new(Status::InvalidArgument, format!("flags: {other:#x} has bits that mean nothing")))
        }
    }
}

/// What the log API is sent for a provider's result: the parser of `maxim_generation_result` as a function.
///
/// Writes the JSON and a NUL to `out`, which has `capacity` bytes, and how many bytes the JSON has to `out_len`.
/// MAXIM_ERR_TOO_LARGE says that it does not fit: then `out_len` says what is needed beside the NUL, and `out` stays
/// as it was.
///
/// @param result_json The provider's own response, as for `maxim_generation_result`.
/// @param flags As for `maxim_generation_result`; without any, what is not known is taken as it is.
/// @param out Receives the JSON. May be NULL when `capacity` is 0.
/// @param capacity How many bytes there are at `out`.
/// @param out_len Receives the length of the JSON. May be NULL.
/// @gives INVALID_RESULT TOO_LARGE
/// @c
#[unsafe(no_mangle)]
pub unsafe extern "C" fn maxim_normalise_result(
    result_json: maxim_str,
    flags: maxim_result_flags,
    out: *mut c_char,
    capacity: usize,
    out_len: *mut usize,
) -> maxim_status {
    boundary(|| {
        let normal = &mut crate::text::scratch::lend();
        let given = required_json("result_json", result_json)?;
        // What would be attached or told belongs to a generation, and here is none: media stay where they are.
        crate::maxim::result::normalise_text(given, result_mode(flags)?, false, &|| None, normal)?;
        write(out_len, normal.len());
        write_text("out", out, capacity, normal)
    })
}
