// SPDX-License-Identifier: MIT OR Apache-2.0
//
// What an application logs about a conversation: `session`, `trace`, `span`, `generation`, `retrieval` and
// `tool_call`. Each is a value, an id and a share in its logger, that makes its children and says things
// about itself. Every method may be called from any thread.
//
// One that was refused (say, because of its id) is false in a condition, has no id, and has its calls
// refused in turn. To go on with one that was made elsewhere, make it from the logger and the id:
// `maxim::trace same(logger, id)`.
//
// What several kinds have in common is written once, in `basic_entity`, over a table of one kind's C
// functions: a kind has the methods that its table has a function for.
#ifndef MAXIM_ENTITIES_HPP
#define MAXIM_ENTITIES_HPP

#include <maxim/core.hpp>
#include <maxim/entity_functions.hpp>

#include <exception>
#include <string>

namespace maxim {

class logger;
class session;
class trace;
class span;
class generation;
class retrieval;
class tool_call;

/// An exception as the error to log; borrows its text.
[[nodiscard]] inline error_config describe(const std::exception& exception) noexcept {
    error_config config;
    config.message = exception.what();
    return config;
}

/// What all kinds are: an id, and a share in a logger.
class entity {
  public:
    /// The id; empty when it was refused.
    [[nodiscard]] const std::string& id() const noexcept { return id_; }

    /// Whether it was accepted, or made from an id.
    explicit operator bool() const noexcept { return !id_.empty(); }

  protected:
    using shared = detail::shared_core<maxim_logger>;

    entity() = default;
    entity(const logger& owner, std::string_view id);
    /// One that a call has just made: with the given id or else the generated one, or refused.
    entity(shared core, const text& given, const maxim_id& generated, status made)
        : core_(std::move(core)), id_(ok(made) ? given.value_or(generated.text) : std::string_view()) {}

    /// A log call on this entity.
    template <class... Parameters, class... Arguments>
    status log(maxim_status (*function)(maxim_logger*, maxim_str, Parameters...),
               Arguments... arguments) const {
        return detail::settle(core_, function(detail::handle_of(core_), detail::str(id_), arguments...));
    }

    /// The same, with nothing thrown even in strict mode: for destructors.
    template <class... Parameters, class... Arguments>
    void log_quietly(maxim_status (*function)(maxim_logger*, maxim_str, Parameters...),
                     Arguments... arguments) const noexcept {
        const auto code = function(detail::handle_of(core_), detail::str(id_), arguments...);
        if (code != MAXIM_OK && core_) {
            core_->refused_quietly(code);
        }
    }

    /// A log call that makes a child.
    template <class Child, class C, class Config>
    Child add(maxim_status (*function)(maxim_logger*, maxim_str, const C*, maxim_id*),
              const Config& config) const {
        const C c = detail::c_struct(config);
        maxim_id generated{};
        const status made = log(function, &c, &generated);
        return Child(core_, config.id, generated, made);
    }

    /// Passes on the id of what a call has made: the given or else the generated one.
    static status tell_id(std::string* out, const text& given, const maxim_id& generated, status made) {
        if (out != nullptr && ok(made)) {
            *out = given.value_or(generated.text);
        }
        return made;
    }

  private:
    shared core_{};
    std::string id_{};
};

/// The methods that a kind has by its table of functions.
template <class Functions>
class basic_entity : public entity {
  public:
    /// One that belongs to no logger: its calls are refused.
    basic_entity() = default;

    /// One that was made before, here or elsewhere.
    basic_entity(const logger& owner, std::string_view id) : entity(owner, id) {}

    /// For the library: one that a call has just made.
    basic_entity(shared core, const text& given, const maxim_id& generated, status made)
        : entity(std::move(core), given, generated, made) {}

    /// Ends it, at the time of the call.
    status end() const { return log(Functions::end); }

    /// Adds one tag; given again it replaces the earlier value.
    status add_tag(std::string_view key, std::string_view value) const {
        return log(Functions::add_tag, detail::str(key), detail::str(value));
    }

    /// Adds metadata: a JSON object. Values that are not strings are sent as their JSON text.
    status add_metadata(const json_arg& metadata) const {
        return log(Functions::add_metadata, detail::str(metadata));
    }

    /// Adds a named number; NaN and infinities are refused.
    template <class F = Functions, class = decltype(F::add_metric)>
    status add_metric(std::string_view name, double value) const {
        return log(F::add_metric, detail::str(name), value);
    }

    /// Adds an event, at the time of the call. Tags and metadata are JSON objects. `id`, if given, becomes
    /// the event's id unless the call is refused.
    template <class F = Functions, class = decltype(F::add_event)>
    status add_event(const event_config& event, std::string* id = nullptr) const {
        maxim_id generated{};
        const auto c = detail::c_struct(event);
        const auto made = log(F::add_event, &c, &generated);
        return tell_id(id, event.id, generated, made);
    }

    /// Adds a user's feedback: a JSON object with a `score`, and whatever else there is to say.
    template <class F = Functions, class = decltype(F::add_feedback)>
    status add_feedback(const json_arg& feedback) const {
        return log(F::add_feedback, detail::str(feedback));
    }

    /// Attaches a file, bytes or a URL. `id`, if given, becomes the attachment's id unless the call is
    /// refused.
    template <class F = Functions, class = decltype(F::add_attachment)>
    status add_attachment(const attachment& given, std::string* id = nullptr) const {
        const auto c = detail::c_struct(given);
        maxim_id generated{};
        const auto made = log(F::add_attachment, &c, &generated);
        return tell_id(id, given.id, generated, made);
    }

    /// Logs an error in it; the message is required. `id`, if given, becomes the error's id unless the call
    /// is refused.
    template <class F = Functions, class = decltype(F::add_error)>
    status add_error(const error_config& error, std::string* id = nullptr) const {
        const auto c = detail::c_struct(error);
        maxim_id generated{};
        const auto made = log(F::add_error, &c, &generated);
        return tell_id(id, error.id, generated, made);
    }

    /// Logs that it failed, and ends it. Message, code and type are used, and may be absent.
    template <class F = Functions, class = decltype(F::error)>
    status error(const error_config& error) const {
        const auto c = detail::c_struct(error);
        return log(F::error, &c);
    }

    /// Sets what was asked.
    template <class F = Functions, class = decltype(F::set_input)>
    status set_input(std::string_view input) const {
        return log(F::set_input, detail::str(input));
    }

    /// Sets when it began.
    template <class F = Functions, class = decltype(F::set_start_timestamp)>
    status set_start_timestamp(time_point when) const {
        return log(F::set_start_timestamp, detail::since_1970<std::chrono::microseconds>(when));
    }

    /// Sets when it ended.
    template <class F = Functions, class = decltype(F::set_end_timestamp)>
    status set_end_timestamp(time_point when) const {
        return log(F::set_end_timestamp, detail::since_1970<std::chrono::microseconds>(when));
    }

    /// Has it evaluated by the evaluators named: a JSON array of at least one string.
    template <class F = Functions, class = decltype(F::evaluate_with_evaluators)>
    status evaluate_with_evaluators(const json_arg& evaluators) const {
        return log(F::evaluate_with_evaluators, detail::str(evaluators));
    }

    /// The same, with values for the evaluators' variables: a JSON object.
    template <class F = Functions, class = decltype(F::evaluate_with_variables)>
    status evaluate_with_variables(const json_arg& variables, const json_arg& evaluators) const {
        return log(F::evaluate_with_variables, detail::str(variables), detail::str(evaluators));
    }

    /// Begins a generation in it.
    template <class F = Functions, class = decltype(F::add_generation)>
    generation add_generation(const generation_config& config = {}) const;

    /// Begins a retrieval in it.
    template <class F = Functions, class = decltype(F::add_retrieval)>
    retrieval add_retrieval(const retrieval_config& config = {}) const;

    /// Begins a tool call in it.
    template <class F = Functions, class = decltype(F::add_tool_call)>
    tool_call add_tool_call(const tool_call_config& config = {}) const;

  private:
    template <class>
    friend class scope;

    void end_quietly() const noexcept { log_quietly(Functions::end); }

    /// Logs that it was left by an exception, where its kind can say so, and ends it.
    void unwind() const noexcept {
        maxim_error_config config = MAXIM_ERROR_CONFIG_INIT;
        config.message = MAXIM_STR("left by an exception");
        config.type = MAXIM_STR("exception");
        unwind_by<Functions>(config, 0);
    }

    // The best overload that the kind has: `error` ends it as well.
    template <class F, class = decltype(F::error)>
    void unwind_by(const maxim_error_config& config, int) const noexcept {
        log_quietly(F::error, &config);
    }
    template <class F, class = decltype(F::add_error), class = void>
    void unwind_by(const maxim_error_config& config, int) const noexcept {
        log_quietly(F::add_error, &config, static_cast<maxim_id*>(nullptr));
        log_quietly(F::end);
    }
    template <class F>
    void unwind_by(const maxim_error_config&, long) const noexcept {
        log_quietly(F::end);
    }
};

/// One look-up of documents.
class retrieval : public basic_entity<detail::retrieval_functions> {
  public:
    using basic_entity::basic_entity;
    using basic_entity::set_input;

    /// Sets what was looked for, as JSON.
    status set_input(const json_arg& input) const {
        return log(detail::retrieval_functions::set_input_json, detail::str(input));
    }

    /// Sets the documents found, a JSON array or a single one, and ends the retrieval.
    status set_output(const json_arg& documents) const {
        return log(detail::retrieval_functions::set_output, detail::str(documents));
    }
};

/// One call of a tool.
class tool_call : public basic_entity<detail::tool_call_functions> {
  public:
    using basic_entity::basic_entity;

    /// Adds members to the tool call: a JSON object.
    status update(const json_arg& data) const {
        return log(detail::tool_call_functions::update, detail::str(data));
    }

    /// Sets what the tool answered, and ends the tool call.
    status result(std::string_view answer) const {
        return log(detail::tool_call_functions::result, detail::str(answer));
    }
};

/// What a generation's result may be: a known provider's shape is converted, and with `known` anything else is sent
/// as it is and reported to `on_error`, with `any` every object is sent as it is, with `strict` anything else is refused.
enum class result_shape : std::uint32_t { known = 0, any = MAXIM_RESULT_FORCE, strict = MAXIM_RESULT_STRICT };

/// One call of a model.
class generation : public basic_entity<detail::generation_functions> {
  public:
    using basic_entity::basic_entity;

    status set_model(std::string_view model) const {
        return log(detail::generation_functions::set_model, detail::str(model));
    }

    /// Sets who runs the model; usual other names of known providers are logged as theirs.
    status set_provider(std::string_view provider) const {
        return log(detail::generation_functions::set_provider, detail::str(provider));
    }

    status set_name(std::string_view name) const {
        return log(detail::generation_functions::set_name, detail::str(name));
    }

    /// Adds a message: a JSON object with `role` and `content`. Images and audio become attachments.
    status add_message(const json_arg& message) const {
        return log(detail::generation_functions::add_message, detail::str(message));
    }

    /// Sets the model's parameters: a JSON object.
    status set_model_parameters(const json_arg& parameters) const {
        return log(detail::generation_functions::set_model_parameters, detail::str(parameters));
    }

    /// Logs what the model answered, the provider's own response, and ends the generation. A shape that
    /// is not known is sent as it is and reported to `on_error`, unless `result_shape::strict` is asked for.
    status result(const json_arg& response, result_shape shape = result_shape::known) const {
        return log(detail::generation_functions::result, detail::str(response), static_cast<std::uint32_t>(shape));
    }

    /// Sets the Maxim prompt that was used.
    status set_maxim_prompt_id(std::string_view id) const {
        return log(detail::generation_functions::set_maxim_prompt_id, detail::str(id));
    }

    /// Sets the version of the Maxim prompt that was used.
    status set_maxim_prompt_version_id(std::string_view id) const {
        return log(detail::generation_functions::set_maxim_prompt_version_id, detail::str(id));
    }

    /// Adds what it cost in all, in US dollars, where the parts are not known.
    status add_total_cost(double total) const {
        return log(detail::generation_functions::add_total_cost, total);
    }

    /// Adds what it cost, in US dollars.
    status add_cost(double input, double output, double total) const {
        return log(detail::generation_functions::add_cost, input, output, total);
    }
};

/// A step within a trace.
class span : public basic_entity<detail::span_functions> {
  public:
    using basic_entity::basic_entity;

    /// Begins a span in this one.
    span add_span(const span_config& config = {}) const {
        return add<span>(detail::span_functions::add_sub_span, config);
    }
};

/// One request through the application.
class trace : public basic_entity<detail::trace_functions> {
  public:
    using basic_entity::basic_entity;

    /// Begins a span in it.
    span add_span(const span_config& config = {}) const {
        return add<span>(detail::trace_functions::add_span, config);
    }

    /// Sets what the application answered.
    status set_output(std::string_view output) const {
        return log(detail::trace_functions::set_output, detail::str(output));
    }

    /// Puts a trace that began without a session into one.
    status add_to_session(std::string_view session_id) const {
        return log(detail::trace_functions::add_to_session, detail::str(session_id));
    }
};

/// An error that was logged, by the id that `add_error` gave.
class logged_error : public entity {
  public:
    logged_error() = default;
    logged_error(const logger& owner, std::string_view id) : entity(owner, id) {}

    /// Adds one tag; given again it replaces the earlier value.
    status add_tag(std::string_view key, std::string_view value) const {
        return log(&::maxim_error_add_tag, detail::str(key), detail::str(value));
    }

    /// Adds metadata: a JSON object. Values that are not strings are sent as their JSON text.
    status add_metadata(const json_arg& metadata) const {
        return log(&::maxim_error_add_metadata, detail::str(metadata));
    }
};

/// A conversation of several traces.
class session : public basic_entity<detail::session_functions> {
  public:
    using basic_entity::basic_entity;

    /// Begins a trace in it.
    trace add_trace(const trace_config& config = {}) const {
        return add<trace>(detail::session_functions::add_trace, config);
    }
};

template <class Functions>
template <class F, class>
generation basic_entity<Functions>::add_generation(const generation_config& config) const {
    return add<generation>(F::add_generation, config);
}

template <class Functions>
template <class F, class>
retrieval basic_entity<Functions>::add_retrieval(const retrieval_config& config) const {
    return add<retrieval>(F::add_retrieval, config);
}

template <class Functions>
template <class F, class>
tool_call basic_entity<Functions>::add_tool_call(const tool_call_config& config) const {
    return add<tool_call>(F::add_tool_call, config);
}

}  // namespace maxim

#endif  // MAXIM_ENTITIES_HPP
