//! `maxim-dev completion SHELL`: what a shell offers behind `maxim-dev`, from the same tables as `--help`.

use crate::cli::help::{COMMANDS, CommandInfo, FLAGS, Flag};
use crate::collect::misbehave::SETTINGS;

/// The flags of the server, each with the text for its value and help.
fn server_flags() -> Vec<(String, &'static str, &'static str)> {
    let settings = SETTINGS.iter().map(|setting| (setting.flag(), setting.value, setting.help));
    FLAGS.iter().map(parts).chain(settings).collect()
}

/// A flag, its value (empty for a switch) and its help.
fn parts((flag, help): &Flag) -> (String, &'static str, &'static str) {
    let (value, help) = help.rsplit_once('|').unwrap_or(("", help));
    ((*flag).to_owned(), value, help)
}

fn names(flags: &[(String, &str, &str)]) -> String {
    flags.iter().map(|(flag, ..)| flag.as_str()).collect::<Vec<_>>().join(" ")
}

fn flags_of(command: &CommandInfo) -> Vec<(String, &'static str, &'static str)> {
    command.flags.iter().map(parts).collect()
}

pub fn script(shell: &str) -> Option<String> {
    match shell {
        "bash" => Some(bash()),
        "zsh" => Some(zsh()),
        "fish" => Some(fish()),
        _ => None,
    }
}

fn bash() -> String {
    let commands = COMMANDS.iter().map(|command| command.name).collect::<Vec<_>>().join(" ");
    let mut of_commands = String::new();
    for command in COMMANDS {
        of_commands.push_str(&format!(
            "        {}) words='{} --help' ;;\n",
            command.name,
            names(&flags_of(command))
        ));
    }
    format!(
        "_maxim_dev() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} words
    case $before in
        --db|--record|--lines|--port-file|--prices|--store) COMPREPLY=($(compgen -f -- \"$word\")); return ;;
        --mode) COMPREPLY=($(compgen -W 'tree count quiet' -- \"$word\")); return ;;
        completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$word\")); return ;;
    esac
    case ${{COMP_WORDS[1]}}:$word in
        import:[!-]*|replay:[!-]*|spool:[!-]*|import:|replay:|spool:) COMPREPLY=($(compgen -f -- \"$word\")); return ;;
    esac
    case ${{COMP_WORDS[1]}} in
{of_commands}        *) words='{} --help --version' ;;
    esac
    [ \"$COMP_CWORD\" -eq 1 ] && words=\"{commands} $words\"
    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))
}}
complete -F _maxim_dev maxim-dev
",
        names(&server_flags())
    )
}

/// A text inside of zsh's single quotes and brackets.
fn zsh_text(text: &str) -> String {
    text.replace('\'', "'\\''").replace('[', "\\[").replace(']', "\\]").replace(':', "\\:")
}

fn zsh() -> String {
    let specification = |(flag, value, help): &(String, &str, &str)| {
        let value = match *value {
            "" => String::new(),
            "FILE" => ":file:_files".to_owned(),
            "tree|count|quiet" => ":mode:(tree count quiet)".to_owned(),
            value => format!(":{}:", zsh_text(value)),
        };
        format!("'{flag}[{}]{value}'", zsh_text(help))
    };
    let list = |flags: &[(String, &str, &str)]| flags.iter().map(specification).collect::<Vec<_>>().join(" ");
    let mut text = "#compdef maxim-dev\n_maxim_dev() {\n    case ${words[2]} in\n".to_owned();
    for command in COMMANDS {
        let rest = match command.name {
            "completion" => "':shell:(bash zsh fish)'",
            "tail" => "'*:query:'",
            "import" | "replay" | "spool" => "'*:file:_files'",
            _ => "",
        };
        text.push_str(&format!(
            "        {}) shift words; (( CURRENT-- )); _arguments -S {} {rest} ;;\n",
            command.name,
            list(&flags_of(command))
        ));
    }
    let commands: Vec<_> =
        COMMANDS.iter().map(|command| format!("'{}:{}'", command.name, zsh_text(command.help))).collect();
    text.push_str(&format!(
        "        *) local -a commands=({})\n           (( CURRENT == 2 )) && _describe command commands\n           _arguments -S {} ;;\n    esac\n}}\n_maxim_dev \"$@\"\n",
        commands.join(" "),
        list(&server_flags())
    ));
    text
}

fn fish() -> String {
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('\'', "\\'");
    let mut text = String::new();
    let mut put = |condition: &str, flags: &[(String, &str, &str)]| {
        for (flag, value, help) in flags {
            let takes = match *value {
                "" => String::new(),
                "FILE" => " -r -F".to_owned(),
                choices if choices.contains('|') => format!(" -x -a '{}'", choices.replace('|', " ")),
                _ => " -x".to_owned(),
            };
            let name = flag.trim_start_matches('-');
            text.push_str(&format!(
                "complete -c maxim-dev -n '{condition}' -l {name}{takes} -d '{}'\n",
                quoted(help)
            ));
        }
    };
    put("__fish_use_subcommand", &server_flags());
    for command in COMMANDS {
        put(&format!("__fish_seen_subcommand_from {}", command.name), &flags_of(command));
    }
    for command in COMMANDS {
        text.push_str(&format!(
            "complete -c maxim-dev -n __fish_use_subcommand -f -a {} -d '{}'\n",
            command.name,
            quoted(command.help)
        ));
        // Files only where a command takes them.
        let words = match command.words {
            words if words.contains("FILE") || words.contains("DIR") => String::new(),
            choices if choices.contains('|') => format!(" -f -a '{}'", choices.replace('|', " ")),
            _ => " -f".to_owned(),
        };
        if !words.is_empty() {
            let condition = format!("__fish_seen_subcommand_from {}", command.name);
            text.push_str(&format!("complete -c maxim-dev -n '{condition}'{words}\n"));
        }
    }
    text
}
