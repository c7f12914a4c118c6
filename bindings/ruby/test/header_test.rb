# frozen_string_literal: true

require_relative "helper"

# The binding and the header that it was compiled with belong together.
class HeaderTest < Minitest::Test
  HEADER = File.read(File.join(ROOT, "include/maxim.h"))

  def exports
    code = HEADER.gsub(%r{/\*.*?\*/}m, "").gsub(/^\s*#.*$/, "").gsub(/static inline.*?^\}/m, "")
    code.scan(/\b(maxim_[a-z0-9_]+)\s*\((?!\s*\*)/).flatten.uniq
  end

  def test_every_function_of_the_header_is_bound
    assert_operator exports.size, :>=, 100, "the header was not understood"
    assert_equal File.readlines(File.join(ROOT, "maxim.symbols"), chomp: true).sort, exports.sort
    assert_empty exports - Maxim::FUNCTIONS.keys
    assert_empty Maxim::FUNCTIONS.keys - exports
  end

  def test_every_bound_method_exists
    Maxim::FUNCTIONS.each_value do |place|
      owner, method = place.split(/[#.]/)
      next if method == "(garbage collection)"

      klass = Object.const_get(owner)
      found = klass.is_a?(Class) ? klass.method_defined?(method) || klass.private_method_defined?(method) : klass.respond_to?(method)
      assert found, place
    end
  end

  def test_every_status_has_an_error_class
    HEADER.scan(/#define MAXIM_ERR_(\w+) (\d+)/).each do |name, status|
      error = Maxim::Error.for_status(status.to_i, "")
      assert_equal "Maxim::#{name.split("_").map(&:capitalize).join}Error", error.class.name
      assert_equal "MAXIM_ERR_#{name}", error.message
    end
  end

  def test_gem_library_and_header_have_one_version
    assert_equal Maxim::VERSION, Maxim.library_version
    assert_equal Maxim::VERSION, HEADER[/^#define MAXIM_VERSION_STRING "(.+)"$/, 1]
  end
end
