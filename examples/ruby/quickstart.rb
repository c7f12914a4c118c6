# frozen_string_literal: true

# An agent's conversation and an application's log, logged with the Ruby binding.
#
#   ruby -I bindings/ruby/lib examples/ruby/quickstart.rb
#
# Without configuration it talks to a local maxim-dev (port 8899). Set MAXIM_BASE_URL, MAXIM_API_KEY and
# MAXIM_LOG_REPO_ID to log to your own repository.
require "maxim"

ENV["MAXIM_BASE_URL"] ||= "http://127.0.0.1:8899"
ENV["MAXIM_API_KEY"] ||= "local-development"
ENV["MAXIM_LOG_REPO_ID"] ||= "quickstart"

QUESTION = "Do I need an umbrella in Oslo today?"
ANSWER = {
  id: "chatcmpl-1", object: "chat.completion", created: 1_767_323_045, model: "gpt-4o-2024-08-06",
  choices: [{
    index: 0, logprobs: nil, finish_reason: "tool_calls",
    message: { role: "assistant", content: nil, tool_calls: [
      { id: "call_oslo", type: "function", function: { name: "forecast", arguments: '{"city":"Oslo"}' } }
    ] }
  }],
  usage: { prompt_tokens: 31, completion_tokens: 17, total_tokens: 48 }
}.freeze

# Stands in for the work between two log calls.
def work(milliseconds)
  sleep(milliseconds / 1000.0)
end

# First turn: the model asks for a tool, then answers.
def ask_for_weather(session)
  session.trace("weather question", input: QUESTION) do |trace|
    trace.span("agent step", tags: { step: 1, agent: "weather" }) do |span|
      messages = [{ role: "system", content: "You are a helpful assistant." }, { role: "user", content: QUESTION }]
      span.generation("choose a tool", provider: "openai", model: "gpt-4o", messages: messages,
                                       model_parameters: { temperature: 0.2, max_tokens: 256 }) do |generation|
        work(30)
        generation.result(ANSWER)
      end
      span.tool_call("forecast", id: "call_oslo", description: "Weather forecast for a city",
                                 args: { city: "Oslo" }) do |tool|
        work(12)
        tool.result("rain from noon, 9 degrees")
      end
    end
    trace.output = "Yes: it rains from noon."
    trace.add_feedback({ score: 5, comment: "stayed dry" })
  end
end

class Overloaded < StandardError; end

# Second turn: documents are looked up, and the model is not to be reached.
def ask_for_rules(session)
  session.trace("question about rules", input: "May I take the umbrella on the plane?") do |trace|
    trace.retrieval("airline rules") do |retrieval|
      retrieval.input = "umbrella cabin baggage"
      work(8)
      retrieval.output = ["Umbrellas up to 60 cm are allowed in the cabin.", "Sharp tips must be covered."]
    end
    begin
      trace.generation("answer", provider: "anthropic", model: "claude-sonnet-4") do
        work(20)
        raise Overloaded, "the provider is overloaded"
      end
    rescue Overloaded => e # already logged as the generation's result
      trace.add_error(e, code: "529")
      trace.add_event("fallback answer", tags: { source: "template" })
    end
    trace.output = "Please ask again in a minute."
  end
end

logger = Maxim::Logger.new(on_error: ->(error) { warn "maxim: #{error.class}: #{error.message}" })
logger.session("travel assistant", tags: { user: "ada", channel: "web" }) do |session|
  ask_for_weather(session)
  ask_for_rules(session)
end

# Sends what is held and ends; whatever cannot be sent now waits in files for the next run.
sent = logger.close(timeout: 5)
puts format("logged %<accepted>d records, delivered %<delivered>d, held %<held>d", logger.stats)
exit(sent)
