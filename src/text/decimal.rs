//! Integers in decimal, written eight digits at a time.

use super::buffer::Buffer;

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

/// The two digits of `value` modulo 100.
#[inline(always)]
pub(super) fn pair(value: u32) -> [u8; 2] {
    PAIRS[(value % 100) as usize]
}

/// How many digits are made at once.
const EIGHT: usize = 8;
const TEN_TO_EIGHT: u64 = 100_000_000;

/// The eight digits of a number below 10^8, each in a byte, the first one lowest.
///
/// After Khuong, "How to print integers really fast" (2017): the number is cut into two, four, eight parts that
/// lie side by side in one word; a division by 100 or 10 is a multiplication whose quotients do not touch.
#[inline(always)]
fn eight_digits(value: u64) -> u64 {
    let fours = (value / 10_000) | (value % 10_000) << 32;
    let hundreds = (fours * 10_486) >> 20 & 0x0000_007f_0000_007f;
    let twos = hundreds | (fours - 100 * hundreds) << 16;
    let tens = (twos * 103) >> 10 & 0x000f_000f_000f_000f;
    tens | (twos - 10 * tens) << 8
}

/// The six digits of a number below a million, and two bytes that mean nothing.
#[inline(always)]
pub(super) fn six_digits(value: u64) -> [u8; EIGHT] {
    ((eight_digits(value) | ZEROS) >> (2 * u8::BITS)).to_le_bytes()
}

/// Appends `value` in decimal.
#[inline]
pub fn push_u64(out: &mut Buffer, value: u64) {
    if value < TEN_TO_EIGHT {
        return push_below(out, value);
    }
    let (high, low) = (value / TEN_TO_EIGHT, value % TEN_TO_EIGHT);
    if high < TEN_TO_EIGHT {
        push_below(out, high);
    } else {
        push_below(out, high / TEN_TO_EIGHT);
        push_eight(out, high % TEN_TO_EIGHT);
    }
    push_eight(out, low);
}

/// A number below 10^8, with leading zeros.
#[inline(always)]
fn push_eight(out: &mut Buffer, value: u64) {
    *out.room() = (eight_digits(value) | ZEROS).to_le_bytes();
    out.advance(EIGHT);
}

/// A number below 10^8, without leading zeros.
#[inline(always)]
fn push_below(out: &mut Buffer, value: u64) {
    let digits = eight_digits(value);
    // Of 0, all eight are leading zeros, and the last one stays.
    let leading = (digits.trailing_zeros() / u8::BITS).min(EIGHT as u32 - 1);
    *out.room() = ((digits | ZEROS) >> (u8::BITS * leading)).to_le_bytes();
    out.advance(EIGHT - leading as usize);
}

const ZEROS: u64 = u64::from_le_bytes([b'0'; EIGHT]);

/// Appends `value` in decimal, with a minus sign when it is negative.
#[inline]
pub fn push_i64(out: &mut Buffer, value: i64) {
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
        let mut out = Buffer::new();
        push_u64(&mut out, value);
        String::from_utf8(out.into_vec()).unwrap()
    }

    fn signed(value: i64) -> String {
        let mut out = Buffer::new();
        push_i64(&mut out, value);
        String::from_utf8(out.into_vec()).unwrap()
    }

    #[test]
    fn numbers_around_every_power_of_ten_have_their_digits() {
        for exponent in 0..20 {
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
