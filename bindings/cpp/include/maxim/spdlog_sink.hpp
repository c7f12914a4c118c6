// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Sends what an application logs with spdlog to a `log_client` or a `flow`. Optional: needs spdlog.
//
//     auto sink = std::make_shared<maxim::spdlog_sink_mt>(client);
//     spdlog::default_logger()->sinks().push_back(sink);
//
// Levels: trace and debug are debug, err and critical are error. An entry's data has the logger's name, the
// thread, the place in the source where the macro gives it, the sink's own fields, and those of the
// `log_fields` that are alive on the logging thread. With an asynchronous spdlog logger the sink runs on
// spdlog's thread, which has no `log_fields`.
//
// The client or flow is borrowed and must outlive the sink's last message. It is not flushed by spdlog's
// flush, which must not wait for a network; use `log_client::flush`.
#ifndef MAXIM_SPDLOG_SINK_HPP
#define MAXIM_SPDLOG_SINK_HPP

#include <maxim/log_client.hpp>

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace maxim {

/// Fields for everything this thread logs through a sink while the object lives:
///
///     maxim::log_fields request{{"request", request_id}, {"attempt", 2}};
class log_fields {
  public:
    log_fields(std::initializer_list<std::pair<std::string_view, json>> fields) : before_(stack().size()) {
        for (const auto& [key, value] : fields) {
            stack().emplace_back(key, value);
        }
    }
    log_fields(const log_fields&) = delete;
    log_fields& operator=(const log_fields&) = delete;
    ~log_fields() {
        stack().erase(stack().begin() + static_cast<std::ptrdiff_t>(before_), stack().end());
    }

  private:
    template <class>
    friend class spdlog_sink;

    static std::vector<std::pair<std::string, json>>& stack() {
        thread_local std::vector<std::pair<std::string, json>> fields;
        return fields;
    }

    std::size_t before_;
};

/// The sink; `Mutex` as for every spdlog sink.
template <class Mutex>
class spdlog_sink : public spdlog::sinks::base_sink<Mutex> {
  public:
    using fields = std::vector<std::pair<std::string, json>>;

    explicit spdlog_sink(const log_client& client, fields always = {})
        : client_(&client), always_(std::move(always)) {}

    /// Entries become steps of the flow.
    explicit spdlog_sink(const flow& steps, fields always = {})
        : flow_(&steps), always_(std::move(always)) {}

  protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        const json_object data = data_of(message);
        const std::string_view words(message.payload.data(), message.payload.size());
        if (client_ != nullptr) {
            log_entry entry;
            entry.level = level_of(message.level);
            entry.message = words;
            entry.data = data;
            entry.timestamp = std::chrono::time_point_cast<time_point::duration>(message.time);
            client_->log(entry);
            return;
        }
        switch (level_of(message.level)) {
            case level::debug: flow_->debug(words, data); break;
            case level::info: flow_->info(words, data); break;
            case level::warn: flow_->warn(words, data); break;
            case level::error: flow_->error(words, data); break;
        }
    }

    void flush_() override {}

  private:
    static level level_of(spdlog::level::level_enum given) noexcept {
        switch (given) {
            case spdlog::level::trace:
            case spdlog::level::debug: return level::debug;
            case spdlog::level::warn: return level::warn;
            case spdlog::level::err:
            case spdlog::level::critical: return level::error;
            default: return level::info;
        }
    }

    json_object data_of(const spdlog::details::log_msg& message) const {
        json_object data;
        if (message.logger_name.size() != 0) {
            data.add("logger", std::string_view(message.logger_name.data(), message.logger_name.size()));
        }
        data.add("thread", message.thread_id);
        if (!message.source.empty()) {
            data.add("file", message.source.filename);
            data.add("line", message.source.line);
            data.add("function", message.source.funcname);
        }
        fields all = always_;
        const auto& current = log_fields::stack();
        all.insert(all.end(), current.begin(), current.end());
        for (auto field = all.begin(); field != all.end(); ++field) {
            // A later field hides an earlier one of the same name.
            const auto same = [&](const auto& other) { return other.first == field->first; };
            if (std::none_of(field + 1, all.end(), same)) {
                data.add(field->first, field->second);
            }
        }
        return data;
    }

    const log_client* client_ = nullptr;
    const flow* flow_ = nullptr;
    fields always_;
};

using spdlog_sink_mt = spdlog_sink<std::mutex>;
using spdlog_sink_st = spdlog_sink<spdlog::details::null_mutex>;

}  // namespace maxim

#endif  // MAXIM_SPDLOG_SINK_HPP
