# frozen_string_literal: true

require "semantic_logger"
require_relative "../maxim"

module Maxim
  # An appender for semantic_logger.
  #
  #   SemanticLogger.add_appender(appender: Maxim::SemanticLoggerAppender.new(client))
  class SemanticLoggerAppender < ::SemanticLogger::Subscriber
    LEVELS = { trace: :debug, debug: :debug, info: :info, warn: :warn, error: :error, fatal: :error }.freeze

    def initialize(client, **options, &block)
      @client = client
      super(**options, &block)
    end

    # Called by semantic_logger for each event that its level lets through.
    def log(log)
      @client.entry(level: LEVELS.fetch(log.level, :info), message: text(log), timestamp: log.time,
                    data: data(log), tags: tags(log), **error(log))
    end

    def flush
      @client.flush
    end

    def close
      @client.close
    end

    private

    def text(log)
      [log.message, log.exception && Foreign.message(log.exception), log.metric]
        .map { |part| LogEntry.text(part) if part }.find { |part| part && !part.empty? } || log.name
    end

    def data(log)
      data = { name: log.name, thread: log.thread_name }
      data[:duration_ms] = log.duration if log.duration
      data[:metric] = log.metric if log.metric
      data.merge!(log.named_tags) if log.named_tags
      data[:payload] = log.payload if log.payload && !log.payload.empty?
      data[:message] = Foreign.message(log.exception) if log.exception
      data
    end

    def tags(log)
      tags = Array(log.tags).map { |tag| Foreign.text(tag) }
      tags << "fatal" if log.level == :fatal
      tags.empty? ? nil : tags
    end

    def error(log)
      return {} unless log.exception

      { error_name: Foreign.class_name(log.exception), error_stack: Foreign.stack(log.exception) }
    end
  end
end
