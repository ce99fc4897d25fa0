// How a function refuses a row.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace tidemill {

// Why a row is refused.
struct row_error {
  std::string reason;
};

// A `T`, or why there is none.
template <class T>
using result = std::expected<T, row_error>;

// Refuses the row, and leaves a state as it was: `return tidemill::refuse("too late");`
inline std::unexpected<row_error> refuse(std::string reason) {
  return std::unexpected(row_error{std::move(reason)});
}

namespace detail {

template <class T>
struct unwrapped {
  using type = T;
  static constexpr bool fallible = false;
};

template <class T>
struct unwrapped<result<T>> {
  using type = T;
  static constexpr bool fallible = true;
};

template <class T>
using unwrapped_t = typename unwrapped<T>::type;
template <class T>
constexpr bool fallible = unwrapped<T>::fallible;

}  // namespace detail
}  // namespace tidemill
