# frozen_string_literal: true

require_relative "helper"

# A real Rails application in a process of its own.
class RailsTest < MaximTest
  include WebServer

  APPLICATION = File.join(__dir__, "fixtures/rails_application.rb")

  def rails(configure, run)
    # As Bundler.require does: Rails is there first.
    ruby("CONFIGURE = ->(maxim) { #{configure} }; load #{APPLICATION.inspect}; #{run}", "-rrails")
  end

  def log_options = "source: 'shop', api_key: '#{API_KEY}', endpoint: ENV['MAXIM_BASE_URL'], environment: :production"

  # The end of the process waits for delivery, but not for ever.
  def arrived
    logger.flush_log_files
    client.flush
    @server.logged
  end

  def test_nothing_of_the_application_changes_unless_its_configuration_says_so
    said = rails("", 'get("/orders/7"); p [Maxim.logger, Maxim.log_client, ShopApplication.config.middleware.map(&:name).grep(/Maxim/)]')
    assert_includes said, "[nil, nil, []]"
    assert_includes said, "[order-7] shown"
    assert_empty arrived
  end

  def test_requests_are_traces_and_errors_in_them_are_logged_and_raised_again
    said = rails("maxim.logger = {}; maxim.rack = true", 'get("/orders/7"); begin; get("/orders/0"); rescue IOError; puts "raised"; end')
    assert_includes said, "raised"
    lines = arrived
    assert_equal ["GET /orders/7", "GET /orders/0"], lines.select { |line| [line.entity, line.action] == %w[trace create] }.map { |line| line.data["name"] }
    assert_includes lines.select { |line| line.action == "add-error" }.map { |line| line.data["message"] }, "no such order"
    assert_equal 2, lines.count { |line| [line.entity, line.action] == %w[trace end] }
  end

  def test_the_applications_log_goes_where_it_went_and_to_the_client_with_its_tags
    said = rails("maxim.log_client = { #{log_options} }", 'get("/orders/7")')
    assert_includes said, "[order-7] shown"
    arrived
    entry = @server.requests.flat_map { |request| JSON.parse(request["body"])["logs"] || [] }.find { |each| each["message"] == "shown" }
    assert_equal [["order-7"], "info", "production", "shop"], entry.values_at("tags", "level", "environment", "source")
  end

  # Rails gives every object an as_json and a to_json, of which only a class's own says what is to be sent.
  def test_values_are_logged_as_their_classes_say
    rails("maxim.log_client = { #{log_options} }", <<~RUBY)
      class User; def as_json(_ = nil) = { id: 7 }; end
      class Secret; def initialize; @key = "k"; end; def to_s = "a secret"; end
      Maxim.log_client.info("m", user: User.new, secret: Secret.new, ratio: 1/3r, cents: BigDecimal("1.5"), wait: 5.minutes, endless: loop)
    RUBY
    arrived
    data = @server.requests.flat_map { |request| JSON.parse(request["body"])["logs"] || [] }.find { |each| each["message"] == "m" }["data"]
    assert_match(/\A#<Enumerator/, data.delete("endless"))
    assert_equal({ "user" => { "id" => 7 }, "secret" => "a secret", "ratio" => "1/3", "cents" => "1.5", "wait" => 300 }, data)
  end

  def test_workers_that_are_forked_log_and_lose_nothing
    rails("maxim.logger = {}; maxim.rack = true", <<~RUBY)
      pids = 3.times.map { |number| fork { get("/orders/\#{number + 1}") } }
      pids.each { |pid| Process.wait(pid) }
    RUBY
    names = arrived.filter_map { |line| line.data["name"] if [line.entity, line.action] == %w[trace create] }
    assert_equal ["GET /orders/1", "GET /orders/2", "GET /orders/3"], names.sort
  end

  REQUESTS = 20

  def test_pumas_workers_log_everything_and_errors_of_12_kilobytes_cost_no_record
    rackup = File.join(@spool, "shop.ru")
    File.write(rackup, <<~RUBY)
      require "rails"
      CONFIGURE = ->(maxim) { maxim.logger = {}; maxim.rack = true; maxim.log_client = { #{log_options} } }
      load #{APPLICATION.inspect}
      run ShopApplication
    RUBY
    port = free_port
    paths = [*(1..REQUESTS), 12_000].map { |order| "/orders/#{order}" }
    with_server(["puma", "-w", "2", "-t", "2:2", "--preload", "-b", "tcp://127.0.0.1:#{port}", rackup]) do |log|
      eventually("the web server (#{File.read(log)})", 60) { TCPSocket.new("127.0.0.1", port).close || true rescue false }
      paths.map { |path| Net::HTTP.get_response(URI("http://127.0.0.1:#{port}#{path}")).code }
    end
    # What a worker that was stopped could not send is sent by the next logger and client.
    lines = entries = nil
    eventually("all traces and entries", 60) do
      lines = arrived
      entries = File.readlines(@server.lines).filter_map { |line| JSON.parse(line) if line.start_with?("{") }
      lines.count { |line| [line.entity, line.action] == %w[trace end] } >= paths.size &&
        entries.count { |entry| entry["message"] == "shown" } >= paths.size
    end
    names = lines.filter_map { |line| line.data["name"] if [line.entity, line.action] == %w[trace create] }
    assert_equal paths.map { |path| "GET #{path}" }.sort, names.sort
    message = lines.find { |line| line.action == "add-error" }.data["message"]
    assert_match(%r{\A<html>x.*</html>\z}m, message)
    failed = entries.select { |entry| entry["level"] == "error" }.map(&:to_s)
    assert(failed.any? { |text| text.include?("<html>x") && text.include?("x</html>") }, failed.map { |text| text[0, 200] }.inspect)
  end

  def test_a_mistake_in_the_configuration_is_named
    {
      "maxim.racks = {}" => "there is no racks: did you mean rack?",
      "maxim.rack = true" => "config.maxim.rack needs config.maxim.logger",
      "maxim.log_client = { source: 'shop', environment: :prod }" => "environment is :prod: give one of :development, :staging, :production"
    }.each do |configure, message|
      said = ruby("CONFIGURE = ->(maxim) { #{configure} }; begin; load #{APPLICATION.inspect}; rescue Maxim::Error => e; puts e.message; end", "-rrails")
      assert_includes said, message
    end
  end
end
