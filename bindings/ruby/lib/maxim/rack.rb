# frozen_string_literal: true

require "rack/body_proxy"
require_relative "../maxim"

module Maxim
  # Rack middleware that opens a trace per request.
  #
  #   use Maxim::Rack, logger: logger
  #   run ->(env) { env["maxim.trace"].span("work") { … } }
  #
  # The trace is in env["maxim.trace"]. It has the method and path as its name, and the request's and the
  # answer's facts as tags; it ends when the body has been sent, or when the request leaves without an answer: by an
  # error, which is logged and raised again, by `throw`, or by an exit.
  class Rack
    KEY = "maxim.trace"

    # logger:: the Maxim::Logger
    # name:: called with the env, gives the trace's name
    # session_id:: called with the env, gives the session's id, or nil
    # skip:: called with the env; true leaves a request out (health checks)
    def initialize(app, logger:, name: nil, session_id: nil, skip: nil)
      @app = app
      @logger = logger
      @name = name
      @session_id = session_id
      @skip = skip
    end

    def call(env)
      return @app.call(env) if ask(@skip, env)

      trace = env[KEY] = begin_trace(env)
      respond(trace, env)
    end

    private

    def begin_trace(env)
      tags = { method: env["REQUEST_METHOD"], path: env["PATH_INFO"] }
      tags[:request_id] = env["HTTP_X_REQUEST_ID"] if env["HTTP_X_REQUEST_ID"]
      name = ask(@name, env) || "#{env["REQUEST_METHOD"]} #{env["PATH_INFO"]}"
      @logger.trace(name, session_id: ask(@session_id, env), tags: tags)
    end

    # A hook that raises must not cost the request; it has nothing to say then.
    def ask(hook, env)
      hook&.call(env)
    rescue *Foreign::ERRORS => e
      warn "maxim: a hook of Maxim::Rack raised #{Foreign.class_name(e)}: #{Foreign.reason(e)}"
    end

    # Ends that are no errors.
    EXITS = [SystemExit, SignalException].freeze
    private_constant :EXITS

    def respond(trace, env)
      status, headers, body = @app.call(env)
      trace.add_tag("status", status)
      answer = [status, headers, ::Rack::BodyProxy.new(body) { trace.end }]
    rescue *EXITS
      raise
    rescue Exception => e # A request's time limit is no StandardError.
      trace.add_error(e)
      raise
    ensure
      trace.end unless answer
    end
  end
end
