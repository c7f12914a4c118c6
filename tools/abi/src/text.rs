//! Comments, wrapped.

use std::fmt::Write as _;

/// The longest line of a generated comment.
const WIDTH: usize = 100;

/// One paragraph as lines of at most [`WIDTH`] characters, `indent` before all but the first.
pub fn wrap(paragraph: &str, indent: usize, taken: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in paragraph.split_whitespace() {
        let line = lines.last_mut().expect("there is always one");
        if !line.is_empty() && taken + line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(format!("{}{word}", " ".repeat(indent)));
        } else {
            if !line.trim().is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// A doc comment. Paragraphs are separated by empty lines; lists and `@…` lines stay lines of their own.
pub fn comment(doc: &str, margin: usize) -> String {
    let pad = " ".repeat(margin);
    let lines: Vec<String> = blocks(doc)
        .into_iter()
        .flat_map(|block| {
            let indent = if block.starts_with('@') || block.starts_with("- ") { 4 } else { 0 };
            wrap(&block, indent, margin + 3)
        })
        .collect();
    match &lines[..] {
        [only] if margin + only.chars().count() + 8 <= WIDTH => return format!("{pad}/** {only} */\n"),
        _ => {}
    }
    let mut out = format!("{pad}/**\n");
    for line in lines {
        let _ = writeln!(out, "{}", format!("{pad} * {line}").trim_end());
    }
    out + &pad + " */\n"
}

/// Paragraphs, `@…` lines with what continues them, list items, and the empty lines between them.
pub fn blocks(doc: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    let mut is_open = false;
    for line in doc.lines().map(str::trim) {
        let starts = line.is_empty() || line.starts_with('@') || line.starts_with("- ");
        match blocks.last_mut() {
            Some(last) if is_open && !starts => {
                last.push(' ');
                last.push_str(line);
            }
            _ => blocks.push(line.to_owned()),
        }
        is_open = !line.is_empty();
    }
    while blocks.last().is_some_and(String::is_empty) {
        blocks.pop();
    }
    blocks
}
