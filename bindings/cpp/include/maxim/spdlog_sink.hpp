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
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace maxim {

/// Fields for everything that the thread which makes the object logs through a sink while it lives:
///
///     maxim::log_fields request{{"request", request_id}, {"attempt", 2}};
///
/// Objects may end in any order, and on another thread than the one that made them.
class log_fields {
  public:
    log_fields(std::initializer_list<std::pair<std::string_view, json>> fields) : thread_(this_thread()) {
        if (thread_ != nullptr) {
            list own(fields.begin(), fields.end());
            const std::lock_guard<std::mutex> guard(thread_->lock);
            thread_->alive.emplace_back(this, std::move(own));
        }
    }
    log_fields(const log_fields&) = delete;
    log_fields& operator=(const log_fields&) = delete;
    ~log_fields() {
        if (thread_ != nullptr) {
            const std::lock_guard<std::mutex> guard(thread_->lock);
            auto& alive = thread_->alive;
            alive.erase(std::find_if(alive.begin(), alive.end(), [&](const auto& each) { return each.first == this; }));
        }
    }

  private:
    template <class>
    friend class spdlog_sink;

    using list = std::vector<std::pair<std::string, json>>;

    struct of_thread {
        std::mutex lock;
        std::vector<std::pair<const log_fields*, list>> alive;
    };

    // Nothing for a thread whose local objects are gone: their destructors may log.
    static std::shared_ptr<of_thread> this_thread() {
        struct holder {
            std::shared_ptr<of_thread> fields = std::make_shared<of_thread>();
            ~holder() { ended() = true; }
        };
        if (ended()) {
            return nullptr;
        }
        thread_local const holder held;
        return held.fields;
    }

    static bool& ended() noexcept {
        thread_local bool has_ended = false;
        return has_ended;
    }

    /// Adds the fields of this thread, the newest last.
    static void append_to(list& all) {
        if (const auto thread = this_thread()) {
            const std::lock_guard<std::mutex> guard(thread->lock);
            for (const auto& each : thread->alive) {
                all.insert(all.end(), each.second.begin(), each.second.end());
            }
        }
    }

    std::shared_ptr<of_thread> thread_;
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
        log_fields::append_to(all);
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
