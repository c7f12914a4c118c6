# frozen_string_literal: true

module Maxim
  # Entries that belong together: each has the flow's id and the next step index. Made by LogClient#flow.
  class Flow
    LogEntry::LEVELS.each do |name|
      define_method(name) do |message = nil, data = nil, more = nil, tags: nil, **fields|
        fields = LogEntry.with_more(more, fields)
        data = LogEntry.merge(data, fields) unless fields.empty?
        LogEntry.write(self, name, message, data, tags)
      end
    end

    # Logs an error that leaves the block, and raises it again.
    def within
      Foreign.telling(->(error) { self.error(error) }) { yield self }
    end

    # A step has no members for an error beside its data: the error is part of the data.
    def error_with_data(message, error, data, tags)
      error_native(message, { **data, exception: Foreign.exception(error) }, tags)
    end

    def native_level(level)
      NATIVE.fetch(level)
    end

    NATIVE = { debug: :debug_native, info: :info_native, warn: :warn_native, error: :error_native,
               error_with: :error_with_native }.freeze
    private_constant :NATIVE
    private(*NATIVE.values)

    def inspect
      "#<#{self.class} #{id} step=#{step_index}>"
    end
  end
end
