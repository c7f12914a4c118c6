//! Mutations of real answers: members removed, types changed, lists cut, texts truncated. None may panic, be
//! refused, or come out as no JSON.

use std::ffi::c_char;
use std::time::Instant;

use maxim::ffi::{maxim_status, maxim_str};
use serde_json::Value;

use crate::mutate::{Sequence, mutate};

unsafe extern "C" {
    fn maxim_normalise_result(
        result_json: maxim_str,
        flags: u32,
        out: *mut c_char,
        capacity: usize,
        out_len: *mut usize,
    ) -> maxim_status;
}

/// MAXIM_RESULT_STRICT: what is not known is refused.
const RESULT_STRICT: u32 = 2;

/// What the library makes of a result, at the beginning of `out`.
fn normalised<'o>(text: &str, flags: u32, out: &'o mut [u8]) -> Result<&'o [u8], maxim_status> {
    let given = maxim_str { data: text.as_ptr().cast(), len: text.len() };
    let mut length = 0;
    // SAFETY: the text and the room for its result outlive the call.
    let status =
        unsafe { maxim_normalise_result(given, flags, out.as_mut_ptr().cast(), out.len(), &mut length) };
    if status == 0 { Ok(&out[..length]) } else { Err(status) }
}

pub fn run(bodies: &[Value], count: u64) {
    /// Larger ones add time and no structure.
    const LARGEST: usize = 64 * 1024;
    let mut sequence = Sequence(0x9e37_79b9_7f4a_7c15);
    let texts: Vec<(&Value, usize)> = bodies.iter().map(|body| (body, body.to_string().len())).collect();
    let small: Vec<&Value> =
        texts.iter().filter(|(_, size)| *size <= LARGEST).map(|(body, _)| *body).collect();
    let began = Instant::now();
    let (mut known, mut unknown) = (0_u64, 0_u64);
    // A mutation is at most a few times as long as the largest.
    let mut out = vec![0; 16 * LARGEST];
    for _ in 0..count {
        let mut body = small[sequence.below(small.len())].clone();
        for _ in 0..=sequence.below(4) {
            mutate(&mut body, &mut sequence);
        }
        let mut text = body.to_string();
        // Cut at a character, now and then; an empty text is no body.
        if sequence.below(4) == 0 && body.is_object() | body.is_array() {
            let mut end = 1 + sequence.below(text.len());
            while !text.is_char_boundary(end) {
                end += 1;
            }
            text.truncate(end);
        }
        let sent =
            normalised(&text, 0, &mut out).unwrap_or_else(|status| panic!("refused: {status:?}\n{text}"));
        assert!(serde_json::from_slice::<Value>(sent).is_ok(), "no JSON came of {text}");
        match normalised(&text, RESULT_STRICT, &mut out) {
            Ok(_) => known += 1,
            Err(_) => unknown += 1,
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    println!("{count} mutations: {known} recognised, {unknown} sent as they are, 0 refused, {seconds:.0} s");
}
