/*
 * The layout of every struct of the ABI on 64-bit systems. A struct may grow at its end; a change of
 * anything that is here breaks programs that were built before.
 */
#include <maxim.h>

#include <stddef.h>

#define AT(type, field, offset) \
    _Static_assert(sizeof(void *) != 8 || offsetof(type, field) == (offset), #type "." #field " has moved")

AT(maxim_str, data, 0);
AT(maxim_str, len, 8);
AT(maxim_error_config, struct_size, 0);
AT(maxim_error_config, id, 8);
AT(maxim_error_config, name, 24);
AT(maxim_error_config, message, 40);
AT(maxim_error_config, code, 56);
AT(maxim_error_config, type, 72);
AT(maxim_error_config, tags_json, 88);
AT(maxim_error_config, metadata_json, 104);
AT(maxim_logger_config, struct_size, 0);
AT(maxim_logger_config, base_url, 8);
AT(maxim_logger_config, api_key, 24);
AT(maxim_logger_config, repository_id, 40);
AT(maxim_logger_config, auto_flush, 56);
AT(maxim_logger_config, flush_interval_ms, 60);
AT(maxim_logger_config, is_debug, 64);
AT(maxim_logger_config, spool_dir, 72);
AT(maxim_logger_config, max_memory_bytes, 88);
AT(maxim_logger_config, max_disk_bytes, 96);
AT(maxim_logger_config, overflow_policy, 104);
AT(maxim_logger_config, block_timeout_ms, 108);
AT(maxim_logger_config, ca_file, 112);
AT(maxim_logger_config, proxy, 128);
AT(maxim_logger_config, error_callback, 144);
AT(maxim_logger_config, debug_callback, 152);
AT(maxim_logger_config, user_data, 160);
AT(maxim_logger_config, allow_plaintext, 168);
AT(maxim_logger_config, max_attachment_bytes, 176);
AT(maxim_stats, struct_size, 0);
AT(maxim_stats, accepted, 8);
AT(maxim_stats, delivered, 16);
AT(maxim_stats, held, 24);
AT(maxim_stats, dropped_memory, 32);
AT(maxim_stats, dropped_disk, 40);
AT(maxim_stats, dropped_expired, 48);
AT(maxim_stats, quarantined, 56);
AT(maxim_stats, retries, 64);
AT(maxim_stats, bytes_delivered, 72);
AT(maxim_stats, bytes_held, 80);
AT(maxim_stats, adopted, 88);
AT(maxim_stats, oldest_held_ms, 96);
AT(maxim_stats, last_http_status, 104);
AT(maxim_stats, ignored, 112);
AT(maxim_stats, refused, 120);
AT(maxim_stats, dropped_corrupt, 128);
AT(maxim_session_config, struct_size, 0);
AT(maxim_session_config, id, 8);
AT(maxim_session_config, name, 24);
AT(maxim_session_config, tags_json, 40);
AT(maxim_session_config, start_timestamp_us, 56);
AT(maxim_id, text, 0);
AT(maxim_trace_config, struct_size, 0);
AT(maxim_trace_config, id, 8);
AT(maxim_trace_config, name, 24);
AT(maxim_trace_config, session_id, 40);
AT(maxim_trace_config, tags_json, 56);
AT(maxim_trace_config, input, 72);
AT(maxim_trace_config, start_timestamp_us, 88);
AT(maxim_generation_config, struct_size, 0);
AT(maxim_generation_config, id, 8);
AT(maxim_generation_config, name, 24);
AT(maxim_generation_config, provider, 40);
AT(maxim_generation_config, model, 56);
AT(maxim_generation_config, messages_json, 72);
AT(maxim_generation_config, model_parameters_json, 88);
AT(maxim_generation_config, span_id, 104);
AT(maxim_generation_config, maxim_prompt_id, 120);
AT(maxim_generation_config, maxim_prompt_version_id, 136);
AT(maxim_generation_config, tags_json, 152);
AT(maxim_generation_config, start_timestamp_us, 168);
AT(maxim_retrieval_config, struct_size, 0);
AT(maxim_retrieval_config, id, 8);
AT(maxim_retrieval_config, name, 24);
AT(maxim_retrieval_config, tags_json, 40);
AT(maxim_retrieval_config, start_timestamp_us, 56);
AT(maxim_span_config, struct_size, 0);
AT(maxim_span_config, id, 8);
AT(maxim_span_config, name, 24);
AT(maxim_span_config, tags_json, 40);
AT(maxim_span_config, start_timestamp_us, 56);
AT(maxim_tool_call_config, struct_size, 0);
AT(maxim_tool_call_config, id, 8);
AT(maxim_tool_call_config, name, 24);
AT(maxim_tool_call_config, description, 40);
AT(maxim_tool_call_config, args, 56);
AT(maxim_tool_call_config, tags_json, 72);
AT(maxim_tool_call_config, start_timestamp_us, 88);
AT(maxim_attachment, struct_size, 0);
AT(maxim_attachment, id, 8);
AT(maxim_attachment, kind, 24);
AT(maxim_attachment, name, 32);
AT(maxim_attachment, path, 48);
AT(maxim_attachment, data, 64);
AT(maxim_attachment, data_len, 72);
AT(maxim_attachment, url, 80);
AT(maxim_attachment, mime_type, 96);
AT(maxim_attachment, tags_json, 112);
AT(maxim_attachment, metadata_json, 128);
AT(maxim_attachment, timestamp, 144);

int main(void) {
    return 0;
}
