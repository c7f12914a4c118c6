# frozen_string_literal: true

module Maxim
  # What sessions, traces, spans, generations, retrievals and tool calls share. Most methods are made by
  # the extension: one for each function of the library, with its name.
  #
  # An entity is a logger and an id. `Maxim::Trace.new(logger, id)` goes on with one that another thread,
  # process or host began.
  class Entity
    # Evaluates by the evaluators named, with values for their variables if given.
    def evaluate(*evaluators, variables: nil)
      evaluators = evaluators.first if evaluators.size == 1 && Array === evaluators.first
      return evaluate_with_evaluators(evaluators) unless variables

      evaluate_with_variables(variables, evaluators)
    end

    def initialize_copy(_other)
      raise TypeError, "#{self.class} can't be copied: make another with #{self.class}.new(logger, id)"
    end

    def inspect
      "#<#{self.class} #{id}>"
    end

    # Runs the block of a creating call: an error is logged and raised again, the entity is ended.
    def within
      Foreign.telling(->(error) { failed(error) }) { yield self }
    ensure
      self.end unless ended?
    end

    # Assignment for what is set: trace.input = "…".
    def self.setters(*names)
      names.each { |name| define_method(:"#{name}=") { |value| __send__(:"set_#{name}", value) } }
    end
    private_class_method :setters

    private

    def failed(error)
      add_event(Foreign.class_name(error), metadata: Foreign.exception(error))
    end

    # An exception, keyword arguments, or both: keywords win.
    def error_config(error, config)
      return config if nil.equal?(error)
      return { message: error }.merge(config) unless Exception === error

      details = Foreign.exception(error)
      name = details.delete(:name)
      { name: name, type: name, message: details.delete(:message), metadata: details }.merge(config)
    end

    # The same for an entity that ends with it: its message, code and type.
    def failure_config(error, config)
      error_config(error, {}).slice(:message, :code, :type).merge(config)
    end
  end

  # A conversation of several traces.
  class Session
    setters :start_timestamp, :end_timestamp
  end

  # Logging an error: add_error(exception), add_error("message", code: "…"), or keywords alone (id, name,
  # message, code, type, tags, metadata).
  module AddsErrors
    def add_error(error = nil, **config)
      add_error_native(error_config(error, config))
    end

    private

    def failed(error)
      add_error(error)
    end
  end
  private_constant :AddsErrors

  # One request through the application.
  class Trace
    include AddsErrors

    setters :input, :output, :start_timestamp, :end_timestamp

    # Begins a tool call; with a block, ends it after the block.
    alias tool_call add_tool_call
    private :add_error_native
  end

  # A step within a trace.
  class Span
    include AddsErrors

    setters :input, :start_timestamp, :end_timestamp
    alias add_span add_sub_span
    alias tool_call add_tool_call
    private :add_error_native
  end

  # One call of a model.
  class Generation
    class << self
      # The flags of a result, and what can be read of it.
      def flags(force, strict) = { force: force, strict: strict }.sum { |name, is_set| is_set ? Constants::RESULT_FLAGS.fetch(name) : 0 }

      # What a client's response object says of itself.
      def readable(result)
        return result if nil.equal?(result) || Hash === result || Array === result || String === result || RawJson === result

        result.respond_to?(:to_h) ? result.to_h : result
      rescue *Foreign::ERRORS
        result
      end
    end

    setters :model, :provider, :name, :model_parameters, :maxim_prompt_id, :maxim_prompt_version_id,
            :start_timestamp, :end_timestamp

    # Logs what the model answered, and ends the generation. `result` is the provider's own response, as a
    # hash, an array of stream chunks, or any object that has to_h or to_json. A shape that is not known is sent as it
    # is and reported to on_error; with `strict: true` it is refused instead, and the generation stays open.
    def result(result, force: false, strict: false)
      result_native(Generation.readable(result), Generation.flags(force, strict))
    end

    # Logs that the model failed, and ends the generation: an exception, a message, or keywords.
    def error(error = nil, **config)
      error_native(failure_config(error, config))
    end

    # What the generation cost, in US dollars.
    def add_cost(input:, output:, total: input + output)
      add_cost_native(input, output, total)
    end

    private :result_native, :error_native, :add_cost_native

    private


    def failed(error)
      self.error(error) unless ended?
    end
  end

  # One look-up of documents.
  class Retrieval
    # A String is logged as text, anything else as JSON.
    def set_input(input)
      nil.equal?(input) || String === input ? set_input_text(input) : set_input_json(input)
    end
    alias input set_input

    setters :input, :output, :start_timestamp, :end_timestamp
    private :set_input_text, :set_input_json, :input_text

    private

    def failed(error)
      add_metadata(error: Foreign.exception(error))
    end
  end

  # One call of a tool.
  class ToolCall
    setters :start_timestamp, :end_timestamp

    # Logs that the tool failed, and ends the tool call: an exception, a message, or keywords.
    def error(error = nil, **config)
      error_native(failure_config(error, config))
    end
    private :error_native

    private

    def failed(error)
      self.error(error) unless ended?
    end
  end

  # An error that was logged, by the id that it was given: tags and metadata that come later.
  class LoggedError
  end

  # What the log API is sent for a provider's result. Raises Maxim::InvalidResultError for a shape that is not known if
  # `strict` is set; else it is taken as it is.
  def self.normalise_result(result, force: false, strict: false)
    JSON.parse(normalise_result_native(Generation.readable(result), Generation.flags(force, strict)))
  end
  private_class_method :normalise_result_native
end
