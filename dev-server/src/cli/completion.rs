//! `maxim-dev completion SHELL`: what a shell offers behind `maxim-dev`, from the same tables as `--help`.

use crate::cli::args::{COMMANDS, FLAGS};
use crate::collect::misbehave::SETTINGS;

pub fn script(shell: &str) -> Option<String> {
    let commands = COMMANDS.map(|(name, _)| name).join(" ");
    let mut flags: Vec<String> = FLAGS.iter().map(|(flag, _)| (*flag).to_owned()).collect();
    flags.extend(SETTINGS.iter().map(|setting| setting.flag()));
    let words = flags.join(" ");
    let files = "--db|--record|--lines|--port-file|--prices";
    Some(match shell {
        "bash" => format!(
            "_maxim_dev() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}
    case $before in
        {files}|import|replay|spool) COMPREPLY=($(compgen -f -- \"$word\")); return ;;
        --mode) COMPREPLY=($(compgen -W 'tree count quiet' -- \"$word\")); return ;;
        completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$word\")); return ;;
    esac
    local words='{words}'
    [ \"$COMP_CWORD\" -eq 1 ] && words=\"$words {commands}\"
    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))
}}
complete -F _maxim_dev maxim-dev
"
        ),
        "zsh" => {
            let mut text = "#compdef maxim-dev\n_arguments -S \\\n".to_owned();
            for flag in &flags {
                text.push_str(&format!("  '{flag}[]:value:_files' \\\n"));
            }
            text.push_str(&format!("  '1::command:({commands})' '*:file:_files'\n"));
            text
        }
        "fish" => {
            let mut text = String::new();
            for (name, help) in COMMANDS {
                text.push_str(&format!(
                    "complete -c maxim-dev -n __fish_use_subcommand -a {name} -d '{help}'\n"
                ));
            }
            for flag in &flags {
                text.push_str(&format!("complete -c maxim-dev -l {}\n", flag.trim_start_matches('-')));
            }
            text
        }
        _ => return None,
    })
}
