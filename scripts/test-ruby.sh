#!/usr/bin/env bash
# Builds and tests the Ruby binding and runs its examples. Expects `make lib server`.
set -euo pipefail
shopt -s extglob
cd "$(dirname "$0")/../bindings/ruby"
# Sources, READMEs and answers are UTF-8 wherever this runs; without a locale Ruby takes them for ASCII.
export LC_ALL=C.UTF-8

rake --silent compile
rake --silent test
rm -f ../../build/ruby/*.gem
rake --silent gem_source gem_platform

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# installed KIND GEM ARGUMENTS...: the gem, installed somewhere else, loads and says the library's version.
installed() {
    local gems=$work/$1 gem=$2
    shift 2
    gem install --silent --local --no-document --install-dir "$gems" "$gem" "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; return 1; }
    (cd "$work" && GEM_HOME=$gems GEM_PATH=$gems ruby -e 'require "maxim-logger"
        spec = Gem.loaded_specs.fetch("maxim-logger")
        Maxim.library_version == spec.version.to_s or abort "gem #{spec.version}, library #{Maxim.library_version}"
        Dir["#{spec.gem_dir}/LICENSE-*"].size == 2 or abort "the licences are missing"
        puts "installed #{spec.full_name}"')
}
installed platform ../../build/ruby/maxim-logger-*-*.gem
installed source ../../build/ruby/maxim-logger-+([0-9.]).gem -- --with-maxim-dir="$PWD/../../build"
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
