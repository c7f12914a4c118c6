//! Protobuf as far as OTLP needs it: a writer for its messages, and a reader for the one answer there is.

/// A wire type and the field's number before it.
const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH: u32 = 2;
const FIXED32: u32 = 5;

/// A number of as many bytes as it needs, seven bits in each.
struct Varint {
    bytes: [u8; 10],
    len: usize,
}

impl Varint {
    fn of(mut number: u64) -> Varint {
        let mut varint = Varint { bytes: [0; 10], len: 0 };
        while number >= 0x80 {
            varint.bytes[varint.len] = number as u8 | 0x80;
            varint.len += 1;
            number >>= 7;
        }
        varint.bytes[varint.len] = number as u8;
        varint.len += 1;
        varint
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// How many bytes a [`Varint`] has.
fn varint_len(number: usize) -> usize {
    let bits = usize::BITS - (number | 1).leading_zeros();
    bits.div_ceil(7) as usize
}

/// Writes one message.
pub struct ProtoWriter<'o> {
    /// The message so far, and what stands before it.
    pub out: &'o mut Vec<u8>,
}

impl ProtoWriter<'_> {
    fn varint(&mut self, number: u64) {
        match number {
            0..0x80 => self.out.push(number as u8),
            _ => self.out.extend_from_slice(Varint::of(number).bytes()),
        }
    }

    fn tag(&mut self, field: u32, wire: u32) {
        self.varint(u64::from(field << 3 | wire));
    }

    /// A number; 0 is the default and left out.
    pub fn number(&mut self, field: u32, number: u64) {
        if number != 0 {
            self.tag(field, VARINT);
            self.varint(number);
        }
    }

    /// A number that stands there even when it is 0, as in a choice.
    pub fn chosen_number(&mut self, field: u32, number: u64) {
        self.tag(field, VARINT);
        self.varint(number);
    }

    /// Eight bytes; 0 is the default and left out.
    pub fn fixed64(&mut self, field: u32, number: u64) {
        if number != 0 {
            self.chosen_fixed64(field, number);
        }
    }

    /// Eight bytes that stand there in any case.
    pub fn chosen_fixed64(&mut self, field: u32, number: u64) {
        self.tag(field, FIXED64);
        self.out.extend_from_slice(&number.to_le_bytes());
    }

    /// Bytes or text, also when there are none.
    pub fn chosen_bytes(&mut self, field: u32, bytes: &[u8]) {
        self.tag(field, LENGTH);
        self.varint(bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }

    /// Bytes or text; none is the default and left out.
    pub fn bytes(&mut self, field: u32, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.chosen_bytes(field, bytes);
        }
    }

    /// A message within this one. Its length stands before it: room for a short one is kept, and widened for
    /// another.
    pub fn message(&mut self, field: u32, write: impl FnOnce(&mut ProtoWriter<'_>)) {
        self.tag(field, LENGTH);
        let at = self.out.len();
        self.out.push(0);
        write(&mut ProtoWriter { out: self.out });
        let length = self.out.len() - at - 1;
        if length < 0x80 {
            self.out[at] = length as u8;
            return;
        }
        let prefix = Varint::of(length as u64);
        self.out.resize(self.out.len() + prefix.len - 1, 0);
        self.out.copy_within(at + 1..at + 1 + length, at + prefix.len);
        self.out[at..at + prefix.len].copy_from_slice(prefix.bytes());
    }

    /// A message that names a text: what most messages are.
    pub fn named_text(&mut self, field: u32, name: &[u8], text: &[u8]) {
        let value = 1 + varint_len(text.len()) + text.len();
        let whole = 1 + varint_len(name.len()) + name.len() + 1 + varint_len(value) + value;
        self.out.reserve(whole + 16);
        if whole < 0x80 && field < 16 {
            // Each of the lengths is one byte.
            let tag = (field << 3 | LENGTH) as u8;
            self.out.extend_from_slice(&[tag, whole as u8, 0x0a, name.len() as u8]);
            self.out.extend_from_slice(name);
            self.out.extend_from_slice(&[0x12, value as u8, 0x0a, text.len() as u8]);
            self.out.extend_from_slice(text);
            return;
        }
        self.tag(field, LENGTH);
        self.varint(whole as u64);
        self.chosen_bytes(1, name);
        self.tag(2, LENGTH);
        self.varint(value as u64);
        self.chosen_bytes(1, text);
    }
}

/// A field of a message: its number, and a number or bytes.
#[derive(Debug, PartialEq)]
pub enum Field<'a> {
    /// A number of whatever width.
    Number(u64),
    /// Bytes, text or a message.
    Bytes(&'a [u8]),
}

/// The fields of a message, one after the other; the last is `None` if it is none.
pub fn fields(mut rest: &[u8]) -> impl Iterator<Item = Option<(u32, Field<'_>)>> {
    std::iter::from_fn(move || {
        (!rest.is_empty()).then(|| {
            let field = read_field(&mut rest);
            if field.is_none() {
                rest = &[];
            }
            field
        })
    })
}

fn read_field<'a>(rest: &mut &'a [u8]) -> Option<(u32, Field<'a>)> {
    let tag = read_varint(rest)?;
    let field = u32::try_from(tag >> 3).ok().filter(|field| *field > 0)?;
    let value = match (tag & 7) as u32 {
        VARINT => Field::Number(read_varint(rest)?),
        FIXED64 => {
            let (bytes, after) = rest.split_first_chunk()?;
            *rest = after;
            Field::Number(u64::from_le_bytes(*bytes))
        }
        FIXED32 => {
            let (bytes, after) = rest.split_first_chunk()?;
            *rest = after;
            Field::Number(u32::from_le_bytes(*bytes).into())
        }
        LENGTH => {
            let length = usize::try_from(read_varint(rest)?).ok()?;
            let (bytes, after) = rest.split_at_checked(length)?;
            *rest = after;
            Field::Bytes(bytes)
        }
        _ => return None,
    };
    Some((field, value))
}

fn read_varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}
