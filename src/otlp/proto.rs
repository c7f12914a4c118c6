//! Protobuf as far as OTLP needs it: a writer for its messages, and a reader for the one answer there is.

/// A wire type and the field's number before it.
const VARINT: u32 = 0;
const FIXED64: u32 = 1;
const LENGTH: u32 = 2;
const FIXED32: u32 = 5;

/// Writes one message.
#[derive(Default)]
pub struct Writer {
    /// The message so far.
    pub out: Vec<u8>,
}

impl Writer {
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.out.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.out.push(number as u8);
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
    pub fn message(&mut self, field: u32, write: impl FnOnce(&mut Writer)) {
        self.tag(field, LENGTH);
        let at = self.out.len();
        self.out.push(0);
        write(self);
        let length = self.out.len() - at - 1;
        if length < 0x80 {
            self.out[at] = length as u8;
            return;
        }
        let mut prefix = Writer::default();
        prefix.varint(length as u64);
        self.out.splice(at..=at, prefix.out);
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

/// The fields of a message; `None` for what is none.
pub fn fields(mut rest: &[u8]) -> Option<Vec<(u32, Field<'_>)>> {
    let mut fields = Vec::new();
    while !rest.is_empty() {
        let tag = read_varint(&mut rest)?;
        let field = u32::try_from(tag >> 3).ok().filter(|field| *field > 0)?;
        let value = match (tag & 7) as u32 {
            VARINT => Field::Number(read_varint(&mut rest)?),
            FIXED64 => {
                let (bytes, after) = rest.split_first_chunk()?;
                rest = after;
                Field::Number(u64::from_le_bytes(*bytes))
            }
            FIXED32 => {
                let (bytes, after) = rest.split_first_chunk()?;
                rest = after;
                Field::Number(u32::from_le_bytes(*bytes).into())
            }
            LENGTH => {
                let length = usize::try_from(read_varint(&mut rest)?).ok()?;
                let (bytes, after) = rest.split_at_checked(length)?;
                rest = after;
                Field::Bytes(bytes)
            }
            _ => return None,
        };
        fields.push((field, value));
    }
    Some(fields)
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
