# frozen_string_literal: true

# Logs what AI applications do, through libmaxim.
#
#   Maxim::Logger      sessions, traces, spans, generations, retrievals and tool calls
#   Maxim::LogClient   structured application logs, usable wherever a ::Logger is
#   Maxim::Rack        a trace per request (require "maxim/rack")
#
# Log calls format one record, copy it into memory that survives the process, and return.
module Maxim
end

require "securerandom"
require_relative "maxim/version"
require_relative "maxim/constants"
require_relative "maxim/error"
require_relative "maxim/foreign"
require_relative "maxim/convert"
begin
  require_relative "maxim/maxim_ext"
rescue LoadError => e
  raise LoadError, "the native part of maxim-logger could not be loaded (#{e.message}); " \
                   "build it with `rake compile`, or reinstall the gem"
end
require_relative "maxim/owner"
require_relative "maxim/entities"
require_relative "maxim/logger"
require_relative "maxim/log_entry"
require_relative "maxim/log_client"
require_relative "maxim/flow"
require_relative "maxim/railtie" if defined?(Rails::Railtie)
