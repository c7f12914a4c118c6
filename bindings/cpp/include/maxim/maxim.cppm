// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The binding as a C++20 module: `import maxim;` in the place of `#include <maxim/maxim.hpp>`, which it may be mixed
// with. spdlog's and nlohmann's parts are headers only.
//
// Built by clang 16 or newer:
//     clang++ -std=c++20 --precompile maxim.cppm -o maxim.pcm
//     clang++ -std=c++20 -c maxim.pcm
//     clang++ -std=c++20 -fmodule-file=maxim=maxim.pcm app.cpp maxim.o -lmaxim
module;

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <initializer_list>
#include <limits>
#include <maxim.h>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

export module maxim;

// The headers' declarations belong to the global module, so that they are the same in programs that include them too.
#ifdef __clang__
#pragma clang diagnostic ignored "-Winclude-angled-in-module-purview"
#endif
export extern "C++" {
#include <maxim/maxim.hpp>
}
