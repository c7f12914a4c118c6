//! Reading foreign JSON: a value that knows where it came from.
//!
//! A [`Node`] is a borrowed value with the way to it, so that a wrong one is named exactly
//! (`choices[0].message.role`). The way is a chain of borrowed parents on the stack and becomes text
//! only when something is wrong. A member that is null counts as absent, everywhere.

use serde_json::Value;
use std::fmt;

/// What is wrong with a response, to follow "looks like …, but".
#[derive(Debug)]
pub(super) struct Flaw(pub String);

impl fmt::Display for Flaw {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A value, and the way to it from the root of the response.
#[derive(Clone, Copy)]
pub(super) struct Node<'v, 'p> {
    value: &'v Value,
    step: Step,
    parent: Option<&'p Node<'v, 'p>>,
}

#[derive(Clone, Copy)]
enum Step {
    Root,
    Member(&'static str),
    Item(usize),
}

impl<'v, 'p> Node<'v, 'p> {
    pub fn root(value: &'v Value) -> Self {
        Node { value, step: Step::Root, parent: None }
    }

    pub fn value(&self) -> &'v Value {
        self.value
    }

    /// The member, unless it is absent or null.
    pub fn get<'s>(&'s self, name: &'static str) -> Option<Node<'v, 's>> {
        let value = self.value.get(name).filter(|value| !value.is_null())?;
        Some(Node { value, step: Step::Member(name), parent: Some(self) })
    }

    /// The member, which must be there.
    pub fn need<'s>(&'s self, name: &'static str) -> Result<Node<'v, 's>, Flaw> {
        if !self.value.is_object() {
            return Err(self.flaw("is not an object"));
        }
        let absent = Node { value: &Value::Null, step: Step::Member(name), parent: Some(self) };
        self.get(name).ok_or_else(|| absent.flaw("is missing"))
    }

    /// The text of the member, unless it is absent or null.
    pub fn get_text(&self, name: &'static str) -> Result<Option<&'v str>, Flaw> {
        self.get(name).map(|member| member.text()).transpose()
    }

    /// The count in the member, unless it is absent or null.
    pub fn get_count(&self, name: &'static str) -> Result<Option<u64>, Flaw> {
        self.get(name).map(|member| member.count()).transpose()
    }

    pub fn items<'s>(&'s self) -> Result<impl Iterator<Item = Node<'v, 's>>, Flaw> {
        let items = self.value.as_array().ok_or_else(|| self.flaw("is not an array"))?;
        Ok(items.iter().enumerate().map(|(at, value)| Node {
            value,
            step: Step::Item(at),
            parent: Some(self),
        }))
    }

    /// The chunks of a stream; a response that came whole is one chunk.
    pub fn chunks<'s>(&'s self) -> Vec<Node<'v, 's>> {
        match self.items() {
            Ok(items) => items.collect(),
            Err(_) => vec![*self],
        }
    }

    pub fn text(&self) -> Result<&'v str, Flaw> {
        self.value.as_str().ok_or_else(|| self.flaw("is not a string"))
    }

    /// Holds that the value is an integer of 64 bits, written as one.
    pub fn integer(&self) -> Result<(), Flaw> {
        match self.value {
            Value::Number(number) if number.is_i64() || number.is_u64() => Ok(()),
            _ => Err(self.flaw("is not an integer")),
        }
    }

    /// A count; one written as a float (`12.0`, as Cohere documents its own) is read too.
    pub fn count(&self) -> Result<u64, Flaw> {
        /// Above 2⁵³ a float no longer says which integer it is.
        const EXACT_IN_F64: f64 = 9_007_199_254_740_992.0;
        if let Some(count) = self.value.as_u64() {
            return Ok(count);
        }
        match self.value.as_f64() {
            Some(float) if float.fract() == 0.0 && (0.0..=EXACT_IN_F64).contains(&float) => Ok(float as u64),
            _ => Err(self.flaw("is not a count")),
        }
    }

    /// What kind of error the provider put in place of a result, or into a stream. Its message is
    /// left out: it can quote the request.
    pub fn error_kind(&self) -> Option<&'v str> {
        let error = self.get("error")?;
        let kind = ["type", "status", "code"].iter().find_map(|name| error.value.get(name)?.as_str());
        Some(excerpt(kind.unwrap_or("of no kind")))
    }

    /// Names this value as what is wrong.
    pub fn flaw(&self, what: &str) -> Flaw {
        if self.parent.is_none() {
            return Flaw(format!("it {what}"));
        }
        Flaw(format!("`{}` {what}", self.path()))
    }

    fn path(&self) -> String {
        let mut path = self.parent.map(Node::path).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Item(at) => path.push_str(&format!("[{at}]")),
            Step::Member(name) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(name);
            }
        }
        path
    }
}

/// Whether the value is an array in which a chunk says `name: text`, for a text that `wanted` takes.
pub(super) fn has_chunk(value: &Value, name: &str, wanted: fn(&str) -> bool) -> bool {
    let says = |chunk: &Value| chunk.get(name).and_then(Value::as_str).is_some_and(wanted);
    value.as_array().is_some_and(|chunks| chunks.iter().any(says))
}

/// A stream with an error in it is not a result.
pub(super) fn refuse_error(chunk: &Node<'_, '_>) -> Result<(), Flaw> {
    match chunk.error_kind() {
        Some(error) => {
            Err(Flaw(format!("the stream has an error in it ({error}): log it as the generation's error")))
        }
        None => Ok(()),
    }
}

/// The beginning of a foreign text, short enough for a reason.
pub(super) fn excerpt(text: &str) -> &str {
    const CHARACTERS: usize = 80;
    match text.char_indices().nth(CHARACTERS) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    }
}
