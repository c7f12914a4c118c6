# frozen_string_literal: true

module Maxim
  # Something that the library refused, or that went wrong later. There is a subclass for each status,
  # so that one kind can be rescued: `rescue Maxim::TimeoutError`.
  class Error < StandardError
    # The library's number for it (MAXIM_ERR_…).
    attr_reader :status
    # How many records it concerns; 0 for a refused call.
    attr_reader :records

    def initialize(message = nil, status: self.class::STATUS, records: 0)
      @status = status
      @records = records
      super(message)
    end

    STATUS = 0

    # The error for a status of the library.
    def self.for_status(status, detail, records = 0)
      klass = BY_STATUS.fetch(status, Error)
      klass.new(detail.empty? ? Maxim.status_name(status) : detail, status: status, records: records)
    end

    # Named after the statuses; the header explains each.
    BY_STATUS = Constants::STATUSES.to_h do |name, status|
      klass = Class.new(self) { const_set(:STATUS, status) }
      Maxim.const_set("#{name.name.split("_").map(&:capitalize).join}Error", klass)
      [status, klass]
    end.freeze
    private_constant :BY_STATUS
  end

  # A logger was used in a Ractor: its calls belong to the main one.
  class RactorError < StandardError; end
end
