//! The README's first program, taken out of the file, built with the line that stands under it, and run in three
//! weathers (`scripts/weathers.sh`).

mod common;

use std::process::Command;

use common::{Scratch, built, root, run};

/// What the README leaves to the reader: the provider's answer.
const YOURS: &str = r#"
const char *ask_the_model(void);
const char *ask_the_model(void) {
    return "{\"id\": \"c\", \"object\": \"chat.completion\", \"created\": 1, \"model\": \"gpt-4o\", \"choices\": [{\"index\": 0,"
           "\"message\": {\"role\": \"assistant\", \"content\": \"It scatters.\"}, \"finish_reason\": \"stop\"}]}";
}
"#;

#[test]
fn the_first_program_of_the_readme_builds_as_printed_and_says_what_is_wrong() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let program = readme.split("```c\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let line = readme.lines().find(|line| line.trim_start().starts_with("make lib && cc ")).unwrap();
    let line = line.trim_start().strip_prefix("make lib && ").unwrap();
    built("lib/libmaxim.so");
    let scratch = Scratch::new("readme");
    std::fs::write(scratch.path().join("app.c"), program.replace("int main", &format!("{YOURS}\nint main")))
        .unwrap();
    // The line as it is printed, in a directory that has the build beside the program.
    std::os::unix::fs::symlink(root().join("build"), scratch.path().join("build")).unwrap();
    run(Command::new("sh").args(["-ec", line]).current_dir(scratch.path()));
    run(Command::new(root().join("scripts/weathers.sh"))
        .args(["the README's C", "add-generation.*gpt-4o"])
        .arg(scratch.path().join("app")));
}
