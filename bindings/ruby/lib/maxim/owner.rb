# frozen_string_literal: true

require "uri"

module Maxim
  # An id for an entity whose creation was refused.
  def self.random_id
    SecureRandom.uuid.freeze
  end

  # What loggers and log clients have in common: who is told of errors, and the end of the process.
  #
  # The library's threads cannot call Ruby. What they tell is kept and handed to the handlers by the
  # next call on the same object (any log call, flush, stats or poll), on the thread of that call.
  module Owner
    # What lines and masked texts are about, by their numbers.
    ENTITIES = Constants::ENTITIES.keys.freeze

    # How long the end of the process waits for what is held, in seconds.
    EXIT_TIMEOUT = 2

    # Without a handler, the same kind of error is reported as a warning again after so many seconds.
    WARNING_PAUSE = 10

    # Everything alive, closed when the process ends; holds nothing back from the garbage collector.
    ALIVE = ObjectSpace::WeakMap.new
    private_constant :ALIVE

    class << self
      # Refuses to go on in a Ractor other than the main one.
      def check_ractor(what)
        return if main_ractor?

        raise RactorError, "#{what} belongs to the main Ractor: send it messages, or log there"
      end

      # The number of an option's value, which may be the number itself.
      def choose(name, value, choices)
        number = choices.value?(value) ? value : Convert.choice(name, value, choices)
        number.is_a?(Error) ? raise(number) : number
      end

      # Names and values as OpenTelemetry's variables have them: key=value,key=value, percent-encoded. Text stays.
      def pairs(given)
        return given unless given.is_a?(Hash)

        given.map { |name, value| "#{name}=#{URI.encode_www_form_component(value).gsub("+", "%20")}" }.join(",")
      end

      def track(owner, exit_timeout)
        ALIVE[owner] = owner if exit_timeout
      end

      def close_all
        deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC)
        ALIVE.values.each { |owner| owner.__send__(:close_at_exit, deadline) }
      end

      private

      def main_ractor?
        Ractor.current.equal?(MAIN_RACTOR)
      end
    end

    # Loaded in the main Ractor: the extension cannot be loaded in another one.
    MAIN_RACTOR = Ractor.current
    private_constant :MAIN_RACTOR

    def initialize_copy(_other)
      raise TypeError, "#{self.class} can't be copied: two objects would own one handle"
    end

    private

    def watch(on_error, on_debug, exit_timeout, raise_exceptions)
      @raise_exceptions = raise_exceptions
      @on_error = on_error
      @on_debug = on_debug
      @exit_timeout = exit_timeout
      Owner.track(self, exit_timeout)
    end

    # What the extension asks for each text, inside a log call: the Proc's text, nil to leave it, false when it failed.
    # It has a fiber of its own, which nothing switches away from while the library waits for it.
    def mask_of(on_mask)
      return unless on_mask

      lambda do |entity, field, text|
        fiber = Fiber.new(blocking: true) { on_mask.call(entity.negative? ? :log_entry : ENTITIES[entity], field, text) }
        masked = fiber.resume
        raise FiberError, "it was left" if fiber.alive?
        next if nil.equal?(masked)

        String === masked ? Foreign.utf8(masked) : raise(TypeError, "it must give a String, or nil to leave the text")
      rescue *Foreign::ERRORS => e
        refused(InvalidArgumentError.new("on_mask failed: #{Foreign.reason(e)}; the text was dropped"))
        false
      end
    end

    # A call was refused: told to the handler; the program goes on.
    def refused(error)
      @on_error ? tell(@on_error, error) : warn_of(error)
    end

    # The same for what is refused before it reaches the library; gives what a refused call gives.
    def refuse(error)
      raise error if @raise_exceptions

      refused(error)
      false
    end

    def error_event(status, message, records)
      refused(Error.for_status(status, message, records))
    end

    # Nobody listens: a warning of each kind, at most once in WARNING_PAUSE.
    def warn_of(error)
      now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      @warned ||= {} # Of an object that was allocated and not initialized too.
      last = @warned[error.class]
      return if last && now - last < WARNING_PAUSE

      @warned[error.class] = now
      Kernel.warn("maxim: #{error.message} (#{error.class}; set on_error: to receive each one)")
    end

    def debug_event(line)
      tell(@on_debug, line)
    end

    def flush_event(status, detail, number)
      tell(@flushes&.delete(number), status.zero? ? nil : Error.for_status(status, detail))
    end

    # A handler that fails must not fail the call that happened to bring it its event.
    def tell(handler, argument)
      handler&.call(argument)
    rescue *Foreign::ERRORS => e
      Kernel.warn("maxim: a handler raised #{Foreign.class_name(e)}: #{Foreign.reason(e)}")
    end

    # Starts a flush; the block is given nil or the Maxim::Error by a later call on this object.
    def start_flush(timeout, block)
      raise ArgumentError, "a block is needed" unless block

      number = block.object_id
      (@flushes ||= {})[number] = block
      begin
        flush_async_native(timeout, number)
      rescue Error
        @flushes.delete(number)
        raise
      end
    end

    def close_at_exit(start)
      left = @exit_timeout - (Process.clock_gettime(Process::CLOCK_MONOTONIC) - start)
      close(timeout: left.positive? ? left : 0)
    rescue Error
      nil # What could not be sent waits in files for the next process.
    end
  end

  at_exit { Owner.close_all }
end
