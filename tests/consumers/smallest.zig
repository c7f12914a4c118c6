// Zig, through what translate-c makes of the header.
const std = @import("std");
const maxim = @cImport(@cInclude("maxim.h"));

fn text(s: [*:0]const u8) maxim.maxim_str {
    return maxim.maxim_str_z(s);
}

fn check(status: maxim.maxim_status) void {
    if (status != maxim.MAXIM_OK) std.debug.panic("{s}", .{maxim.maxim_last_error()});
}

pub fn main() void {
    var config: maxim.maxim_logger_config = undefined;
    check(maxim.maxim_logger_config_init(&config, @sizeOf(maxim.maxim_logger_config)));
    if (!config.auto_flush or config.flush_interval_ms != 10000) @panic("defaults");
    config.api_key = text("key");
    config.repository_id = text("consumers");
    config.base_url = text(std.posix.getenv("MAXIM_BASE_URL").?);
    var logger: ?*maxim.maxim_logger = null;
    var id: maxim.maxim_id = undefined;
    check(maxim.maxim_logger_new(&config, &logger));
    check(maxim.maxim_trace_create(logger.?, null, &id));
    check(maxim.maxim_trace_end(logger.?, maxim.maxim_str_z(&id.text)));
    check(maxim.maxim_cleanup(logger.?, 10000));
    check(maxim.maxim_logger_free(logger.?));
}
