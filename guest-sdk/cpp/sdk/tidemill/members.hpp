// The members of a struct as columns.
#pragma once

#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

// Inside a struct: its members are columns of these names, in this order. For results of several
// columns, for states and for the configuration.
#define TIDEMILL_MEMBERS(...)                                                                      \
  constexpr auto tidemill_members() { return std::tie(__VA_ARGS__); }                              \
  constexpr auto tidemill_members() const { return std::tie(__VA_ARGS__); }                        \
  static constexpr std::string_view tidemill_names = #__VA_ARGS__;

namespace tidemill {

template <class T>
concept has_members = requires { T::tidemill_names; };

namespace detail {

// The types of the members of `T`.
template <class T>
using members = decltype(std::declval<T&>().tidemill_members());

template <class T>
constexpr std::size_t member_count = std::tuple_size_v<members<T>>;

template <class T, std::size_t I>
using member = std::remove_reference_t<std::tuple_element_t<I, members<T>>>;

// The name of a member.
template <class T>
constexpr std::string_view member_name(std::size_t index) {
  std::string_view names = T::tidemill_names;
  while (index-- > 0) names.remove_prefix(names.find(',') + 1);
  while (names.starts_with(' ')) names.remove_prefix(1);
  return names.substr(0, names.find(','));
}

}  // namespace detail
}  // namespace tidemill
