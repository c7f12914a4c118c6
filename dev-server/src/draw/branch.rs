//! A tree of lines, and its box characters.

use crate::draw::text::{Style, Text};

/// Levels drawn; deeper nesting is a loop or a test of this limit.
pub const MAX_DEPTH: usize = 64;

/// A line with further lines about the same thing and with branches below it.
#[derive(Clone, Debug, Default)]
pub struct Branch {
    pub head: Text,
    pub notes: Vec<Text>,
    pub children: Vec<Branch>,
}

impl Branch {
    pub fn new(head: Text) -> Self {
        Branch { head, ..Branch::default() }
    }

    /// Adds a labelled note; an empty one leaves no trace.
    pub fn note(&mut self, label: &str, value: &str) {
        self.styled_note(label, Style::Plain, value);
    }

    pub fn styled_note(&mut self, label: &str, style: Style, value: &str) {
        if !value.is_empty() {
            self.notes.push(Text::new(Style::Dim, label).with(style, value));
        }
    }

    pub fn write(&self, out: &mut String, first: &str, rest: &str, has_colours: bool) {
        out.push_str(first);
        self.head.write(out, has_colours);
        out.push('\n');
        let bar = if self.children.is_empty() { "   " } else { "│  " };
        for note in &self.notes {
            out.push_str(rest);
            out.push_str(bar);
            note.write(out, has_colours);
            out.push('\n');
        }
        for (at, child) in self.children.iter().enumerate() {
            let (corner, below) =
                if at + 1 == self.children.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            child.write(out, &format!("{rest}{corner}"), &format!("{rest}{below}"), has_colours);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_are_joined_by_lines() {
        let leaf = |name| Branch::new(Text::new(Style::Name, name));
        let mut inner = leaf("inner");
        inner.note("tags", "a=b");
        inner.note("input", "");
        inner.children.push(leaf("leaf"));
        let root = Branch { children: vec![inner, leaf("last")], ..leaf("root") };
        let mut out = String::new();
        root.write(&mut out, "", "", false);
        assert_eq!(out, "root\n├─ inner\n│  │  tags  a=b\n│  └─ leaf\n└─ last\n");
        let mut coloured = String::new();
        root.write(&mut coloured, "", "", true);
        assert!(coloured.starts_with("\x1b[1mroot\x1b[0m\n"));
    }
}
