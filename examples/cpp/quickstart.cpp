// An agent's conversation, logged with libmaxim: the C++ way of examples/c/quickstart.c.
//
// Without configuration it talks to a local maxim-dev. Set MAXIM_BASE_URL, MAXIM_API_KEY and
// MAXIM_LOG_REPO_ID to log to your own repository. Needs C++20 for the designated initialisers.
#include <maxim/maxim.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

using namespace std::chrono_literals;
using maxim::json_array;
using maxim::json_object;

namespace {

std::string or_default(const char* variable, const char* value) {
    const char* given = std::getenv(variable);
    return given != nullptr && *given != '\0' ? given : value;
}

// Stands in for the work between two log calls.
void work(maxim::milliseconds duration) { std::this_thread::sleep_for(duration); }

// First turn: the model asks for a tool, then answers.
void ask_for_weather(const maxim::session& session) {
    const maxim::scope trace(session.add_trace({
        .name = "weather question",
        .input = "Do I need an umbrella in Oslo today?",
    }));
    {
        const maxim::scope step(trace->add_span({
            .name = "agent step",
            .tags = json_object{{"step", "1"}, {"agent", "weather"}},
        }));

        const auto generation = step->add_generation({
            .name = "choose a tool",
            .provider = "openai",
            .model = "gpt-4o",
            .messages =
                json_array{
                    json_object{{"role", "system"}, {"content", "You are a helpful assistant."}},
                    json_object{{"role", "user"}, {"content", "Do I need an umbrella in Oslo today?"}},
                },
            .model_parameters = json_object{{"temperature", 0.2}, {"max_tokens", 256}},
        });
        work(30ms);
        // As a rule this is the text that came from the provider.
        generation.result(maxim::raw(R"({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1767323045,
            "model": "gpt-4o-2024-08-06",
            "choices": [{"index": 0, "logprobs": null, "finish_reason": "tool_calls",
                         "message": {"role": "assistant", "content": null, "tool_calls": [
                             {"id": "call_oslo", "type": "function",
                              "function": {"name": "forecast", "arguments": "{\"city\":\"Oslo\"}"}}]}}],
            "usage": {"prompt_tokens": 31, "completion_tokens": 17, "total_tokens": 48}
        })"));

        const auto tool = step->add_tool_call({
            .name = "forecast",
            .id = "call_oslo",
            .description = "Weather forecast for a city",
            .args = R"({"city":"Oslo"})",
        });
        work(12ms);
        tool.result("rain from noon, 9 degrees");
    }
    trace->set_output("Yes: it rains from noon.");
    trace->add_feedback(json_object{{"score", 5}, {"comment", "stayed dry"}});
}

// Second turn: documents are looked up, and the model is not to be reached.
void ask_for_rules(const maxim::logger& logger, const maxim::session& session) {
    const maxim::scope trace(logger.create_trace({
        .name = "question about rules",
        .session_id = session.id(),
        .input = "May I take the umbrella on the plane?",
    }));

    const auto lookup = trace->add_retrieval({.name = "airline rules"});
    lookup.set_input("umbrella cabin baggage");
    work(8ms);
    lookup.set_output(
        json_array{"Umbrellas up to 60 cm are allowed in the cabin.", "Sharp tips must be covered."});

    const auto generation = trace->add_generation({
        .name = "answer",
        .provider = "anthropic",
        .model = "claude-sonnet-4",
    });
    work(20ms);
    const maxim::error_config failure{
        .message = "the provider is overloaded",
        .code = "529",
        .type = "overloaded_error",
    };
    generation.error(failure);
    trace->add_error(failure);
    trace->add_event({.name = "fallback answer", .tags = json_object{{"source", "template"}}});
    trace->set_output("Please ask again in a minute.");
}

void converse() {
    const auto base_url = or_default("MAXIM_BASE_URL", "http://127.0.0.1:8899");
    const auto api_key = or_default("MAXIM_API_KEY", "local-development");
    const auto repository = or_default("MAXIM_LOG_REPO_ID", "quickstart");
    const maxim::logger logger({
        .base_url = base_url,
        .api_key = api_key,
        .repository_id = repository,
        // This example stops at the first refused call; a service would set `on_error` instead.
        .raise_exceptions = true,
    });

    {
        const maxim::scope session(logger.create_session({
            .name = "travel assistant",
            .tags = json_object{{"user", "ada"}, {"channel", "web"}},
        }));
        ask_for_weather(*session);
        ask_for_rules(logger, *session);
    }

    // Sends what is held and ends; whatever cannot be sent now waits in files for the next run.
    if (const auto sent = logger.cleanup(5s); !sent) {
        std::fprintf(stderr, "%llu not sent yet: %s\n", static_cast<unsigned long long>(sent.held()), sent.error().what());
    }
    const auto stats = logger.stats();
    std::printf("logged %llu records, delivered %llu, held %llu\n",
                static_cast<unsigned long long>(stats.accepted),
                static_cast<unsigned long long>(stats.delivered),
                static_cast<unsigned long long>(stats.held));
}

}  // namespace

int main() {
    try {
        converse();
    } catch (const maxim::error& failure) {
        std::fprintf(stderr, "%s: %s\n", maxim::name(failure.code()).data(), failure.what());
        return 1;
    }
}
