//! The promise, attacked: real host processes through the C ABI against a real server, while something
//! goes wrong. Each file is named after what it promises.
//!
//! The numbers are small unless `MAXIM_TORTURE=full` (`make torture`), which also prints one table of
//! all rows; README.md has the figures of such a run.

mod bench;
#[path = "../common/mod.rs"]
mod common;

mod bad_files_cost_only_themselves;
mod broken_file_systems_cost_no_process;
mod caps_hold_for_any_number_of_threads;
mod certificates_decide_who_is_trusted;
mod clocks_remove_nothing;
mod forked_children_and_exits_lose_nothing;
mod given_up_records_leave_nothing_behind;
mod hostile_servers_delay_and_never_lose;
mod hosts_keep_their_descriptors;
mod hosts_keep_their_threads;
mod killed_processes_lose_nothing;
mod one_attachment_harms_no_other;
mod only_a_success_is_taken_for_one;
mod proxies_are_those_of_the_environment;
mod scarce_resources_harm_nobody;
mod secrets_stay_here;
mod short_programs_send_what_others_left;
mod spool_directories_are_used_or_refused;
mod strange_hosts_lose_nothing;
mod threads_log_in_the_order_of_their_calls;
mod what_cannot_be_read_stays;
