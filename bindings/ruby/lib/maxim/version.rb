# frozen_string_literal: true

module Maxim
  # The gem's version, which is the library's.
  VERSION = "0.1.0"
end
