# frozen_string_literal: true

# What the tests share: a maxim-dev process and directories of their own.

require "minitest/autorun"
require "json"
require "time"
require "net/http"
require "tmpdir"
require "fileutils"
require "maxim"

ROOT = File.expand_path("../../..", __dir__)

# A running maxim-dev; it ends with the test that started it.
class DevServer
  attr_reader :port, :record, :lines

  def initialize(*flags)
    @scratch = Dir.mktmpdir("maxim-ruby")
    @record = File.join(@scratch, "record")
    @lines = File.join(@scratch, "lines")
    program = File.join(ROOT, "build/bin/maxim-dev")
    raise "#{program} is missing: run `make server` first" unless File.exist?(program)

    @io = IO.popen([program, "--port", "0", "--mode", "quiet", "--exit-when-stdin-closes", "--check-seq",
                    "--record", @record, "--lines", @lines, *flags], "r+")
    @port = @io.gets[/:(\d+)$/, 1].to_i
  end

  def url = "http://127.0.0.1:#{port}"

  def get(path) = JSON.parse(Net::HTTP.get(URI("#{url}#{path}")))

  def stats = get("/stats")

  def sequences = get("/seq")

  def control(**behaviour)
    answer = Net::HTTP.post(URI("#{url}/control"), JSON.generate(behaviour),
                            "Content-Type" => "application/json")
    raise answer.body unless answer.is_a?(Net::HTTPSuccess)
  end

  # Requests that arrived, as maxim-dev recorded them.
  def requests
    File.exist?(@record) ? File.readlines(@record).map { |line| JSON.parse(line) } : []
  end

  # Lines of the log API that arrived, taken apart.
  def logged
    return [] unless File.exist?(@lines)

    File.readlines(@lines, chomp: true).filter_map { |line| WireLine.parse(line) }
  end

  def stop
    Process.kill(:TERM, @io.pid)
    @io.close
    FileUtils.rm_rf(@scratch)
  end
end

# One line of the log API: entity{id=…,action=…,data={…}}.
WireLine = Struct.new(:entity, :id, :action, :data) do
  def self.parse(line)
    match = /\A([a-z_]+)\{id=([^,]*),action=([a-z-]+),data=(.*)\}\z/m.match(line) or return
    new(match[1], match[2], match[3], JSON.parse(match[4]))
  end
end

# A test with a server and spool directory of its own.
class MaximTest < Minitest::Test
  # Of this run alone: what earlier tests left for a server at the same port is not adopted.
  API_KEY = "key-#{Process.pid}-#{Process.clock_gettime(Process::CLOCK_REALTIME, :nanosecond)}"

  def setup
    @server = DevServer.new(*server_flags)
    @spool = Dir.mktmpdir("maxim-spool")
    @errors = []
    @opened = []
  end

  def teardown
    @opened.each { |owner| owner.close(timeout: 0) }
    @server.stop
    FileUtils.rm_rf(@spool)
  end

  def server_flags = []

  def config
    { api_key: API_KEY, spool_dir: @spool, on_error: @errors.method(:<<), exit_timeout: nil, lossy: false }
  end

  def logger(**options)
    made = Maxim::Logger.new(base_url: @server.url, repository_id: "repo-1", **config, **options)
    @opened << made
    made
  end

  def client(**options)
    made = Maxim::LogClient.new(endpoint: @server.url, source: "svc", **config, **options)
    @opened << made
    made
  end

  # Waits for a condition, and fails when it does not come.
  def eventually(what, seconds = 120)
    deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
    until (result = yield)
      flunk "#{what}: not within #{seconds} s" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline
      sleep 0.01
    end
    result
  end

  # Runs Ruby code in a process of its own, with what it needs to log, and gives what it printed.
  def ruby(code, *flags)
    environment = { "MAXIM_BASE_URL" => @server.url, "MAXIM_API_KEY" => API_KEY, "MAXIM_LOG_REPO_ID" => "repo-1",
                    "MAXIM_SPOOL_DIR" => @spool }
    command = [RbConfig.ruby, *flags, "-I", File.join(ROOT, "bindings/ruby/lib"), "-rmaxim", "-e", code]
    output = IO.popen(environment, command, err: %i[child out], &:read)
    assert_predicate $?, :success?, "#{$?}: #{output}"
    output
  end
end

# Preforking web servers, as processes of their own.
module WebServer
  def with_server(command)
    environment = { "MAXIM_BASE_URL" => @server.url, "MAXIM_API_KEY" => MaximTest::API_KEY, "MAXIM_LOG_REPO_ID" => "repo-1",
                    "MAXIM_SPOOL_DIR" => @spool, "RUBYLIB" => File.join(ROOT, "bindings/ruby/lib") }
    log = File.join(@spool, "server.log")
    pid = Process.spawn(environment, *command, %i[out err] => log)
    answering = yield log
    refute_includes answering, pid.to_s, "a request was answered by the process that forks"
  ensure
    if pid
      Process.kill(:TERM, pid)
      Process.wait(pid)
    end
  end

  def free_port
    TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] }
  end
end
