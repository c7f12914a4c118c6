# frozen_string_literal: true

module Maxim
  class << self
    # What a Rails application's configuration asked for, else nil: a Maxim::Logger and a Maxim::LogClient.
    attr_reader :logger, :log_client
  end

  # Rails, when the application has it: reads config.maxim after the application's initializers. Nothing of the
  # application changes unless its configuration says so:
  #
  #   config.maxim.logger = { repository_id: "…" }       # options of Maxim::Logger.new: Maxim.logger
  #   config.maxim.log_client = { source: "shop" }       # of Maxim::LogClient.new: Maxim.log_client, for Rails.logger too
  #   config.maxim.rack = true                           # a trace for each request (or options of Maxim::Rack)
  #
  # What is held is sent at the end of the process, and forked servers need nothing (see Maxim::Logger).
  class Railtie < ::Rails::Railtie
    config.maxim = ActiveSupport::OrderedOptions.new

    initializer "maxim.start", after: :load_config_initializers do |app|
      Railtie.start(app.config.maxim, app.config)
    end

    class << self
      def start(wanted, config)
        unknown = wanted.keys - %i[logger log_client rack]
        raise Convert.unknown(unknown, %i[logger log_client rack]) if unknown.any?

        Maxim.instance_variable_set(:@logger, Logger.new(**wanted.logger)) if wanted.logger
        log_to(wanted.log_client) if wanted.log_client
        trace_requests(wanted.rack, config) if wanted.rack
      end

      private

      # What the application logs goes where it went before, and to the client.
      def log_to(options)
        client = LogClient.new(environment: environment, level: ::Rails.logger&.level || :debug, **options)
        Maxim.instance_variable_set(:@log_client, client)
        broadcast(::Rails.logger, client)
      end

      # Before Rails 7.1 a logger is extended, later it has a list.
      def broadcast(logger, client)
        return unless logger
        return logger.broadcast_to(client) if logger.respond_to?(:broadcast_to)

        # The tags of tagged logging are in the formatter.
        client.formatter = logger.formatter if logger.formatter.respond_to?(:current_tags)
        logger.extend(ActiveSupport::Logger.broadcast(client))
      end

      def environment
        { "production" => :production, "staging" => :staging }.fetch(::Rails.env.to_s, :development)
      end

      def trace_requests(options, config)
        raise InvalidArgumentError, "config.maxim.rack needs config.maxim.logger" unless Maxim.logger

        require_relative "rack"
        config.app_middleware.use(Rack, logger: Maxim.logger, **(options == true ? {} : options))
      end
    end
  end
end
