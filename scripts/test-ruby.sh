#!/usr/bin/env bash
# Builds and tests the Ruby binding and runs its examples. Expects `make lib server`.
set -euo pipefail
cd "$(dirname "$0")/../bindings/ruby"

rake --silent compile
rake --silent test
rake --silent gem_source gem_platform
if [ -n "${BENCH:-}" ]; then rake --silent bench; fi

# Gives the examples a server of their own, which counts what arrives.
ruby -Ilib -e '
  server = IO.popen(["../../build/bin/maxim-dev", "--port", "0", "--mode", "quiet", "--exit-when-stdin-closes"], "r+")
  ENV["MAXIM_BASE_URL"] = server.gets[%r{http://\S+}]
  Dir.mktmpdir do |spool|
    ENV["MAXIM_SPOOL_DIR"] = spool
    Dir["../../examples/ruby/*.rb"].sort.each do |example|
      puts "== #{example}"
      system(RbConfig.ruby, "-Ilib", example) or abort "#{example} failed"
    end
  end
' -rtmpdir
