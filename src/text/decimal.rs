//! Integers in decimal, written two digits at a time.

/// "00" to "99", one after the other.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut value = 0;
    while value < 100 {
        pairs[value] = [b'0' + (value / 10) as u8, b'0' + (value % 10) as u8];
        value += 1;
    }
    pairs
};

/// The digits of `u64::MAX`.
const MAX_DIGITS: usize = 20;

/// The two digits of `value` modulo 100.
#[inline(always)]
pub(super) fn pair(value: u32) -> [u8; 2] {
    PAIRS[(value % 100) as usize]
}

/// Appends `value` in decimal.
#[inline]
pub fn push_u64(out: &mut Vec<u8>, mut value: u64) {
    // The digits end where the second half begins, so that as many bytes as a number can have may be
    // copied from wherever they begin.
    let mut digits = [0; 2 * MAX_DIGITS];
    let mut start = MAX_DIGITS;
    while value >= 10_000 {
        let low = (value % 10_000) as u32;
        value /= 10_000;
        digits[start - 2..start].copy_from_slice(&pair(low));
        digits[start - 4..start - 2].copy_from_slice(&pair(low / 100));
        start -= 4;
    }
    let mut value = value as u32;
    while value >= 10 {
        start -= 2;
        digits[start..start + 2].copy_from_slice(&pair(value));
        value /= 100;
    }
    // Left over: one digit, or nothing but the value 0 itself.
    if value > 0 || start == MAX_DIGITS {
        start -= 1;
        digits[start] = b'0' + value as u8;
    }
    let end = out.len() + MAX_DIGITS - start;
    if let Some(digits) = digits[start..].first_chunk::<MAX_DIGITS>() {
        out.extend_from_slice(digits);
    }
    out.truncate(end);
}

/// Appends `value` in decimal, with a minus sign when it is negative.
#[inline]
pub fn push_i64(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    push_u64(out, value.unsigned_abs());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn unsigned(value: u64) -> String {
        let mut out = Vec::new();
        push_u64(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    fn signed(value: i64) -> String {
        let mut out = Vec::new();
        push_i64(&mut out, value);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_around_every_power_of_ten_have_their_digits() {
        for exponent in 0..MAX_DIGITS as u32 {
            let power = 10_u64.pow(exponent);
            for value in [power - 1, power, power + 1] {
                assert_eq!(unsigned(value), value.to_string());
            }
        }
        assert_eq!(unsigned(u64::MAX), u64::MAX.to_string());
        assert_eq!(signed(i64::MIN), i64::MIN.to_string());
        assert_eq!(signed(-1), "-1");
    }

    proptest! {
        #[test]
        fn every_number_is_written_as_the_standard_library_writes_it(value in any::<u64>(), shift in 0..64_u32) {
            prop_assert_eq!(unsigned(value >> shift), (value >> shift).to_string());
            let value = (value as i64) >> shift;
            prop_assert_eq!(signed(value), value.to_string());
        }
    }
}
