//! Integers in decimal.

use super::buffer::Buffer;

/// Appends `value` in decimal, with a minus sign when it is negative.
#[inline]
pub fn push_i64(out: &mut Buffer, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn signed(value: i64) -> String {
        let mut out = Buffer::new();
        push_i64(&mut out, value);
        String::from_utf8(out.into_vec()).unwrap()
    }

    #[test]
    fn the_least_and_the_greatest_number_have_their_digits() {
        for value in [i64::MIN, -10, -1, 0, 9, 10, i64::MAX] {
            assert_eq!(signed(value), value.to_string());
        }
    }

    proptest! {
        #[test]
        fn every_number_is_written_as_the_standard_library_writes_it(value in any::<u64>(), shift in 0..64_u32) {
            let value = (value as i64) >> shift;
            prop_assert_eq!(signed(value), value.to_string());
        }
    }
}
