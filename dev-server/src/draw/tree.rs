//! Drawing: what was kept as a tree of lines for a person to read.
//!
//! [`traces`] and [`entries`] turn data into branches; here they become text.

use crate::draw::{entries, traces};
use crate::store::kept::Kept;

/// Draws everything kept.
pub fn draw(kept: &Kept, has_colours: bool) -> String {
    let mut roots = traces::branches(kept);
    roots.extend(entries::branch(kept));
    let mut out = String::new();
    for root in &roots {
        root.write(&mut out, "", "", has_colours);
    }
    if roots.is_empty() {
        out.push_str("nothing arrived\n");
    }
    if kept.left_out > 0 {
        out.push_str(&format!("({} lines more than are kept)\n", kept.left_out));
    }
    out
}
