# frozen_string_literal: true

# So that `gem "maxim-logger"` in a Gemfile is all that Bundler needs.
require_relative "maxim"
