# frozen_string_literal: true

require_relative "lib/maxim/version"

Gem::Specification.new do |spec|
  spec.name = "maxim-logger"
  spec.version = Maxim::VERSION
  spec.summary = "Logs what AI applications do: sessions, traces, generations, tool calls, and application logs"
  spec.description = <<~TEXT
    Ruby binding of libmaxim. A log call formats one record, copies it into memory that survives the
    process, and returns; a thread of the library sends records in batches.
  TEXT
  spec.authors = ["The libmaxim authors"]
  spec.licenses = ["MIT", "Apache-2.0"]
  spec.homepage = "https://www.getmaxim.ai"
  spec.required_ruby_version = ">= 3.0"
  spec.files = Dir.chdir(__dir__) { Dir["lib/**/*.rb", "ext/**/*.{c,h,rb,map}", "README.md", "REFERENCE.md", "LICENSE-*"] }
  spec.extensions = ["ext/maxim/extconf.rb"]
  spec.require_paths = ["lib"]
  spec.metadata = { "rubygems_mfa_required" => "true" }
end
