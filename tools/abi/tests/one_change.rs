//! One change in `src/ffi`, made in a copy of what is read and generated, reaches everything that follows from it in
//! one command.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A copy of what the tool reads and writes; removed at its end.
struct Tree(PathBuf);

impl Tree {
    fn new(name: &str) -> Tree {
        let tree = std::env::temp_dir().join(format!("maxim-abi-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&tree);
        copy(&root().join("src/ffi"), &tree.join("src/ffi"));
        let tree = Tree(tree);
        for output in maxim_abi::outputs(&tree.0, "0.1.0").unwrap() {
            fs::create_dir_all(tree.0.join(&output.path).parent().unwrap()).unwrap();
        }
        maxim_abi::write(&tree.0, "0.1.0").unwrap();
        tree
    }

    fn replace(&self, file: &str, from: &str, to: &str) {
        let path = self.0.join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{from:?} in {file}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    /// Writes what is stale, once, and gives the names of that.
    fn write(&self) -> Vec<String> {
        let written = maxim_abi::write(&self.0, "0.1.0").unwrap();
        assert!(maxim_abi::stale(&self.0, "0.1.0").unwrap().is_empty(), "one command is not enough");
        written.iter().map(|path| path.display().to_string()).collect()
    }

    fn text(&self, file: &str) -> String {
        fs::read_to_string(self.0.join(file)).unwrap()
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

#[test]
fn what_is_generated_from_the_sources_as_they_are_is_what_is_committed() {
    let tree = Tree::new("same");
    for output in maxim_abi::outputs(&tree.0, "0.1.0").unwrap() {
        let committed = fs::read_to_string(root().join(&output.path)).unwrap();
        assert!(committed == output.content, "{} is stale: run `make header`", output.path.display());
    }
    assert!(tree.write().is_empty());
}

#[test]
fn one_doc_comment_changes_the_header_and_the_description() {
    let tree = Tree::new("comment");
    tree.replace(
        "src/ffi/logger.rs",
        "/// Deletes everything that is held and not delivered, as",
        "/// Wipes everything that is held and not delivered, as",
    );
    let written = tree.write();
    assert_eq!(written, ["include/maxim.api.json", "include/maxim.h"]);
    for file in &written {
        assert!(tree.text(file).contains("Wipes everything that is held"), "{file}");
    }
}

#[test]
fn one_comment_of_a_shape_changes_the_text_of_each_entity_that_has_it_in_c_and_in_each_binding() {
    let tree = Tree::new("shape");
    tree.replace(
        "src/ffi/entities.shapes",
        "/// Adds one tag to $a. A tag",
        "/// Attaches one tag to $a. A tag",
    );
    tree.write();
    for file in [
        "include/maxim.h",
        "include/maxim.api.json",
        "bindings/cpp/REFERENCE.md",
        "bindings/go/REFERENCE.md",
        "bindings/node/REFERENCE.md",
        "bindings/ruby/REFERENCE.md",
    ] {
        assert_eq!(tree.text(file).matches("Attaches one tag to a").count(), 7, "{file}");
    }
}

#[test]
fn one_function_is_in_the_symbols_the_header_the_description_and_every_table() {
    let tree = Tree::new("function");
    tree.replace(
        "src/ffi/entities.shapes",
        "for session trace span generation retrieval tool_call error\n/// Adds one tag to $a.",
        "for trace\n/// Sets the colour of $a.\n///\n/// @param colour Which colour.\n/// @logs\nfn set_colour(colour: maxim_str)\n\
         = log.set_text($Entity, $id, key!(\"colour\"), required(\"colour\", colour)?)\n\n\
         for session trace span generation retrieval tool_call error\n/// Adds one tag to $a.",
    );
    let written = tree.write();
    for file in [
        "include/maxim.api.json",
        "include/maxim.h",
        "maxim.symbols",
        "maxim.map",
        "tests/c/entity_calls.h",
        "bindings/go/entity_table.h",
        "bindings/go/entity_table.go",
        "bindings/node/src/entity_table.h",
        "bindings/ruby/ext/maxim/entity_methods.h",
        "bindings/cpp/include/maxim/entity_functions.hpp",
        "bindings/cpp/tests/entity_calls.hpp",
    ] {
        let words =
            if file.ends_with("calls.hpp") { "trace.set_colour(given.text)" } else { "trace_set_colour" };
        assert!(tree.text(file).contains(words), "{file}");
        assert!(written.iter().any(|name| name == file), "{file}");
    }
}

#[test]
fn one_field_is_in_the_header_the_layout_test_and_the_description() {
    let tree = Tree::new("field");
    tree.replace(
        "src/ffi/structs/stats.rs",
        "    pub purged: u64,\n",
        "    pub purged: u64,\n    /// Records of a colour.\n    pub coloured: u64,\n",
    );
    let written = tree.write();
    let of_bindings = |name: &&String| !name.ends_with("REFERENCE.md");
    let of_c: Vec<&String> = written.iter().filter(of_bindings).collect();
    assert_eq!(of_c, ["include/maxim.api.json", "include/maxim.h", "tests/c/layout.c"]);
    assert_eq!(written.len() - of_c.len(), 4, "{written:?}");
    for (file, words) in [
        ("include/maxim.h", "uint64_t coloured;"),
        ("tests/c/layout.c", "AT(maxim_stats, coloured,"),
        ("include/maxim.api.json", "\"name\": \"coloured\""),
    ] {
        assert!(tree.text(file).contains(words), "{file}");
    }
}

#[test]
fn one_constant_is_in_every_binding_under_a_name_that_is_usual_there() {
    let tree = Tree::new("constant");
    tree.replace(
        "src/ffi/mod.rs",
        "pub const MAXIM_FORMAT_OBL: maxim_format = 5;\n",
        "pub const MAXIM_FORMAT_OBL: maxim_format = 5;\n/// Two words.\npub const MAXIM_FORMAT_TWO_WORDS: maxim_format = 6;\n",
    );
    let written = tree.write();
    for (file, words) in [
        ("include/maxim.h", "MAXIM_FORMAT_TWO_WORDS"),
        (
            "bindings/cpp/include/maxim/constants.hpp",
            "    /// Two words.\n    two_words = MAXIM_FORMAT_TWO_WORDS,\n",
        ),
        ("bindings/go/constants.go", "FormatTwoWords Format = C.MAXIM_FORMAT_TWO_WORDS // Two words."),
        ("bindings/node/lib/constants.js", "  'two-words': 6,\n"),
        ("bindings/node/lib/constants.d.ts", " | 'two-words';"),
        ("bindings/ruby/lib/maxim/constants.rb", "      two_words: 6,\n"),
    ] {
        assert!(tree.text(file).contains(words), "{file}");
        assert!(written.iter().any(|name| name == file), "{file}");
    }
}
