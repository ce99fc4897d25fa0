// The values of columns that C++ has no type of its own for.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill {

using timestamp = std::chrono::sys_time<std::chrono::microseconds>;

// What a function is given lasts until the call ends.
using bytes = std::span<const std::byte>;

}  // namespace tidemill
