# frozen_string_literal: true

require "json"
require_relative "helper"

# The binding and the header that it was compiled with belong together.
class HeaderTest < Minitest::Test
  API = JSON.parse(File.read(File.join(ROOT, "include/maxim.api.json")))

  def test_every_function_of_the_header_is_bound
    for_c, exports = API["functions"].partition { |function| function["for_c"] }.map { |list| list.map { |function| function["name"] } }
    assert_empty exports - Maxim::FUNCTIONS.keys
    assert_empty Maxim::FUNCTIONS.keys - exports - for_c
  end

  def test_every_bound_method_exists
    Maxim::FUNCTIONS.each_value do |place|
      owner, method = place.split(/[#.]/)
      next if method == "(garbage collection)"

      klass = Object.const_get(owner)
      found = klass.is_a?(Class) ? klass.method_defined?(method) || klass.private_method_defined?(method) : klass.respond_to?(method, true)
      assert found, place
    end
  end

  def test_every_status_has_an_error_class
    statuses = API["enums"].find { |each| each["name"] == "maxim_status" }["values"]
    statuses.reject { |status| status["value"].zero? }.each do |status|
      name = status["name"].delete_prefix("MAXIM_ERR_")
      error = Maxim::Error.for_status(status["value"], "")
      assert_equal "Maxim::#{name.split("_").map(&:capitalize).join}Error", error.class.name
      assert_equal "MAXIM_ERR_#{name}", error.message
    end
  end

  def test_gem_library_and_header_have_one_version
    assert_equal Maxim::VERSION, Maxim.library_version
    assert_equal Maxim::VERSION, API["version"]
  end
end
