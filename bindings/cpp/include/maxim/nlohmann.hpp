// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Lets every function that takes JSON take a nlohmann::json. Optional: needs nlohmann/json.hpp.
//
// Strings in it that are not UTF-8 are replaced (U+FFFD), as dump() would throw for them.
#ifndef MAXIM_NLOHMANN_HPP
#define MAXIM_NLOHMANN_HPP

#include <maxim/json.hpp>

#include <nlohmann/json.hpp>

namespace maxim {

template <class T>
struct json_writer<T, std::enable_if_t<nlohmann::detail::is_basic_json<T>::value>> {
    static std::string text(const T& value) {
        return value.dump(-1, ' ', false, T::error_handler_t::replace);
    }
};

}  // namespace maxim

#endif  // MAXIM_NLOHMANN_HPP
