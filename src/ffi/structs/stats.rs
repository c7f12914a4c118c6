//! What became of the records.

/// What became of the records of one logger, sink or client. Set `struct_size` before the call
/// (MAXIM_STATS_INIT).
///
/// At any moment accepted + adopted = delivered + held + dropped_memory + dropped_disk +
/// dropped_expired + dropped_corrupt + quarantined + purged.
#[allow(non_camel_case_types)]
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct maxim_stats {
    /// sizeof(maxim_stats), set by the caller.
    pub struct_size: usize,
    /// Records that calls accepted with MAXIM_OK.
    pub accepted: u64,
    /// Records that the service has confirmed.
    pub delivered: u64,
    /// Records that are still to be sent.
    pub held: u64,
    /// Records evicted because memory was full and there was no disk to go to.
    pub dropped_memory: u64,
    /// Records evicted because the disk space was full.
    pub dropped_disk: u64,
    /// Records given up because they could not be sent for 72 hours; also those that a logger with another
    /// repository or key left here and never came back for (they count as adopted too).
    pub dropped_expired: u64,
    /// Records that the service refused for what they are; kept in the spool directory's `quarantine`.
    pub quarantined: u64,
    /// Requests that were retried.
    pub retries: u64,
    /// Bytes of delivered records.
    pub bytes_delivered: u64,
    /// Bytes of held records.
    pub bytes_held: u64,
    /// Records taken over from loggers that ended before they could send them.
    pub adopted: u64,
    /// How long the oldest held record has been waiting, in milliseconds.
    pub oldest_held_ms: u64,
    /// The HTTP status of the last answer; 0: none yet.
    pub last_http_status: i32,
    /// Log calls that a client without an API key discarded, as documented; 0 for a logger.
    pub ignored: u64,
    /// Calls that were refused because the configured space was full.
    pub refused: u64,
    /// Records that could not be read back (a damaged file).
    pub dropped_corrupt: u64,
    /// Records that were discarded because their trace is not in the sample; not accepted, so in no sum.
    pub sampled_out: u64,
    /// Texts that were dropped because a mask failed or took too long; their records went without them.
    pub masks_failed: u64,
    /// Generations' results of a shape that is not known, which were sent as they are.
    pub results_unrecognised: u64,
    /// Calls that were refused for an argument: out of its range, not UTF-8, no JSON, no id. For a flow, its client's.
    pub refused_invalid: u64,
    /// Calls that were refused because a record or attachment was above its limit.
    pub refused_too_large: u64,
    /// Calls that were refused because the logger or client had been closed.
    pub refused_closed: u64,
    /// Calls that were refused for another reason, such as a file that could not be read. Those for want of space are
    /// `refused`.
    pub refused_other: u64,
    /// Records deleted by `maxim_purge` or `maxim_log_purge`.
    pub purged: u64,
}
