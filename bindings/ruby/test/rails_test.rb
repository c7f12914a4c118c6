# frozen_string_literal: true

require_relative "helper"

# A real Rails application in a process of its own.
class RailsTest < MaximTest
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

  def test_workers_that_are_forked_log_and_lose_nothing
    rails("maxim.logger = {}; maxim.rack = true", <<~RUBY)
      pids = 3.times.map { |number| fork { get("/orders/\#{number + 1}") } }
      pids.each { |pid| Process.wait(pid) }
    RUBY
    names = arrived.filter_map { |line| line.data["name"] if [line.entity, line.action] == %w[trace create] }
    assert_equal ["GET /orders/1", "GET /orders/2", "GET /orders/3"], names.sort
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
