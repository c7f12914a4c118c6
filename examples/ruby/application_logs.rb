# frozen_string_literal: true

# An application's log: levels, data, tags, an exception, a flow and a raw document.
#
#   ruby -I bindings/ruby/lib examples/ruby/application_logs.rb
#
# Without configuration it talks to a local maxim-dev (port 8899).
require "maxim"

log = Maxim::LogClient.new(
  source: "checkout", environment: :development, version: "1.4.0",
  endpoint: ENV.fetch("MAXIM_BASE_URL", "http://127.0.0.1:8899"), api_key: ENV.fetch("MAXIM_API_KEY", "local-development"),
  on_error: ->(error) { warn "maxim: #{error.class}: #{error.message}" }
)

log.user_id = "ada"
log.session_id = "session-1"
log.info("service started", port: 8080)
log.debug { "built only when debug messages are logged" }

# Steps that belong together; an error that leaves the block is logged with them.
begin
  log.flow("checkout") do |flow|
    flow.info("cart validated", items: 3)
    flow.warn("stock is low", { sku: "umbrella", left: 2 }, tags: ["stock"])
    raise ArgumentError, "card declined"
  end
rescue ArgumentError => e
  log.error("checkout failed", e)
end

log.ingest_raw("level,message\ninfo,imported line\n", :csv, source: "import")
log.user_id = nil

sent = log.close(timeout: 5)
puts format("logged %<accepted>d entries, delivered %<delivered>d, held %<held>d", log.stats)
exit(sent)
