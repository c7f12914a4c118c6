# frozen_string_literal: true

require "socket"
require_relative "helper"

# OpenTelemetry: spans arrive, and a trace goes on below another one's span.
class OtlpTest < Minitest::Test
  HEADER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

  # A receiver of OTLP in JSON; gives what it was sent.
  def receive
    requests = []
    server = TCPServer.new("127.0.0.1", 0)
    thread = Thread.new do
      loop do
        Thread.new(server.accept) do |socket|
          while (line = socket.gets)
            path = line.split[1]
            headers = {}
            until (header = socket.gets.chomp).empty?
              name, value = header.split(": ", 2)
              headers[name.downcase] = value
            end
            requests << [path, headers, JSON.parse(socket.read(headers["content-length"].to_i))]
            socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
          end
        end
      end
    end
    Dir.mktmpdir do |spool|
      yield "http://127.0.0.1:#{server.addr[1]}", spool
    end
    requests
  ensure
    thread&.kill
    server&.close
  end

  def spans(requests)
    requests.select { |path, *| path == "/v1/traces" }
            .flat_map { |_, _, body| body.dig("resourceSpans", 0, "scopeSpans", 0, "spans") }
            .to_h { |span| [span["name"], span] }
  end

  def test_a_trace_goes_on_below_the_span_of_a_header
    own = nil
    requests = receive do |url, spool|
      log = Maxim::Logger.new(protocol: :otlp, base_url: url, otlp_encoding: :json, otlp_compression: false,
                              otlp_headers: "x-key=a%20b", service_name: "ruby", spool_dir: spool)
      log.trace_from(HEADER, "joined") do |trace|
        own = log.traceparent(trace)
        trace.span("step") { |span| assert_match(/\A00-0af7651916cd43dd8448eb211c80319c-\h{16}-01\z/, log.traceparent(trace, span)) }
      end
      log.trace_from("nonsense", "alone") { nil }
      assert log.close
    end
    named = spans(requests)
    assert_equal %w[alone joined step], named.keys.sort
    assert_equal "b7ad6b7169203331", named["joined"]["parentSpanId"]
    assert_equal named["joined"]["spanId"], named["step"]["parentSpanId"]
    assert_equal "00-#{named["joined"]["traceId"]}-#{named["joined"]["spanId"]}-01", own
    assert_nil named["alone"]["parentSpanId"]
    assert(requests.all? { |_, headers,| headers["x-key"] == "a b" })
  end

  def test_entries_arrive_as_log_records
    requests = receive do |url, spool|
      log = Maxim::LogClient.new(source: "ruby", protocol: :otlp, endpoint: url, otlp_encoding: :json,
                                 otlp_compression: false, spool_dir: spool)
      log.info("hello", order: 7)
      assert log.close
    end
    record = requests.first.last.dig("resourceLogs", 0, "scopeLogs", 0, "logRecords", 0)
    assert_equal "hello", record.dig("body", "stringValue")
  end

  def test_hashes_are_pairs_as_opentelemetrys_variables_have_them
    assert_equal "x-tenant=a%20b%2Cc,n=1", Maxim::Owner.pairs({ "x-tenant" => "a b,c", n: 1 })
    assert_equal "a=b", Maxim::Owner.pairs("a=b")
  end
end
