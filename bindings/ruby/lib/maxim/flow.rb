# frozen_string_literal: true

module Maxim
  # Entries that belong together: each has the flow's id and the next step index. Made by LogClient#flow.
  class Flow
    LogEntry::LEVELS.each do |name|
      define_method(name) do |message = nil, data = nil, tags: nil, **fields|
        data = Hash === data ? data.merge(fields) : { value: data, **fields }.compact unless fields.empty?
        LogEntry.write(self, name, message, data, tags)
      end
    end

    # Logs an error that leaves the block, and raises it again.
    def within
      Foreign.telling(->(error) { self.error(error) }) { yield self }
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
