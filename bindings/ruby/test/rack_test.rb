# frozen_string_literal: true

require_relative "helper"
begin
  require "rack"
rescue LoadError
  warn "rack is not installed: its tests are left out"
end

if defined?(Rack)
  require "maxim/rack"

  class RackTest < MaximTest
    def call(app, path: "/orders", **options)
      @log = logger
      stack = Rack::Lint.new(Maxim::Rack.new(Rack::Lint.new(app), logger: @log, **options))
      Rack::MockRequest.new(stack).get(path, "HTTP_X_REQUEST_ID" => "req-1")
    end

    def arrived
      assert @log.flush
      @server.logged
    end

    def test_a_request_is_a_trace_that_the_application_can_use
      answer = call(lambda { |env|
        env["maxim.trace"].span("work") { |span| span.add_tag("k", "v") }
        [200, { "Content-Type" => "text/plain" }, ["ok"]]
      }, session_id: ->(_env) { "s-1" })
      assert_equal [200, "ok"], [answer.status, answer.body]
      lines = arrived
      assert_equal ["GET /orders", "s-1"], lines[0].data.values_at("name", "sessionId")
      assert_equal({ "method" => "GET", "path" => "/orders", "request_id" => "req-1" }, lines[0].data["tags"])
      assert_equal({ "tags" => { "status" => "200" } }, lines[-2].data)
      assert_equal %w[span trace], lines.select { |line| line.action == "end" }.map(&:entity)
    end

    def test_an_error_is_logged_and_raised_again
      assert_raises(KeyError) { call(->(_env) { raise KeyError, "gone" }) }
      lines = arrived
      assert_equal %w[create add-error end], lines.map(&:action)
      assert_equal "gone", lines[1].data["message"]
    end

    class TimeLimit < Exception; end

    # Warden throws for every request that is not signed in, and a request's time limit is no StandardError.
    def test_a_trace_ends_however_the_request_leaves
      ways = [-> { throw :warden }, -> { raise TimeLimit, "too slow" }, -> { exit(3) }, -> { raise Interrupt }]
      ways.each do |way|
        catch(:warden) { call(->(_env) { way.call }) }
      rescue TimeLimit, SystemExit, Interrupt
        next
      ensure
        assert @log.flush
      end
      lines = @server.logged
      assert_equal ways.size, lines.count { |line| line.action == "end" }
      assert_equal ["too slow"], lines.select { |line| line.action == "add-error" }.map { |line| line.data["message"] }
    end

    def test_bytes_that_any_client_can_send_cost_no_trace
      app = ->(_env) { [200, { "Content-Type" => "text/plain" }, ["ok"]] }
      stack = Maxim::Rack.new(app, logger: @log = logger(lossy: true))
      env = Rack::MockRequest.env_for("/orders").merge("HTTP_X_REQUEST_ID" => "caf\xE9-1".b, "PATH_INFO" => "/p\xFFath".b)
      stack.call(env).last.close
      created = arrived.first
      assert_equal "GET /p\u{fffd}ath", created.data["name"]
      assert_equal "caf\u{fffd}-1", created.data["tags"]["request_id"]
      assert_empty @errors
    end

    def test_a_hook_that_raises_costs_neither_request_nor_trace
      failing = ->(_env) { raise "from the hook" }
      answer = nil
      _, warned = capture_io do
        answer = call(->(_env) { [200, { "Content-Type" => "text/plain" }, ["ok"]] }, name: failing, session_id: failing, skip: failing)
      end
      assert_equal 200, answer.status
      assert_equal 3, warned.scan("from the hook").size
      assert_equal "GET /orders", arrived.first.data["name"]
    end

    def test_requests_can_be_left_out_and_named
      answer = ->(_env) { [200, { "Content-Type" => "text/plain" }, []] }
      call(answer, skip: ->(env) { env["PATH_INFO"] == "/orders" })
      assert_empty arrived
      call(answer, name: ->(_env) { "named" })
      assert_equal "named", arrived.first.data["name"]
    end
  end
end
