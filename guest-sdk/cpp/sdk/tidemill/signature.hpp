// What the type of a function says, and the catalog's entry that is made of it.
#pragma once

#include <array>
#include <tuple>
#include <type_traits>

#include "function.h"
#include "row.hpp"
#include "row_error.hpp"

namespace tidemill::detail {

template <class... T>
struct types {};

// `result` and `arguments` of a function, a method or a lambda.
template <class F>
struct signature : signature<decltype(&F::operator())> {};
template <class R, class... A>
struct signature<R (*)(A...)> {
  using result = R;
  using arguments = types<std::remove_cvref_t<A>...>;
};
template <class R, class... A>
struct signature<R (*)(A...) noexcept> : signature<R (*)(A...)> {};
template <class R, class C, class... A>
struct signature<R (C::*)(A...)> : signature<R (*)(A...)> {};
template <class R, class C, class... A>
struct signature<R (C::*)(A...) const> : signature<R (*)(A...)> {};
template <class R, class C, class... A>
struct signature<R (C::*)(A...) noexcept> : signature<R (*)(A...)> {};
template <class R, class C, class... A>
struct signature<R (C::*)(A...) const noexcept> : signature<R (*)(A...)> {};

// Lists without their first or last type, and that type.
template <class List>
struct split_first;
template <class First, class... Rest>
struct split_first<types<First, Rest...>> {
  using first = First;
  using rest = types<Rest...>;
};
template <class List, class Before = types<>>
struct split_last;
template <class Last, class... Before>
struct split_last<types<Last>, types<Before...>> {
  using last = Last;
  using rest = types<Before...>;
};
template <class First, class Second, class... Rest, class... Before>
struct split_last<types<First, Second, Rest...>, types<Before...>>
    : split_last<types<Second, Rest...>, types<Before..., First>> {};

// The last word of what the compiler calls the `auto` or the type in brackets.
constexpr std::string_view last_word(std::string_view text) {
  text = text.substr(0, text.rfind(']'));
  return text.substr(text.find_last_of(" &:") + 1);
}
template <auto F>
constexpr std::string_view name_of() {
  return last_word(__PRETTY_FUNCTION__);
}
template <class T>
constexpr std::string_view type_name() {
  return last_word(__PRETTY_FUNCTION__);
}

inline const char* copy(std::string_view text) {
  auto* copied = new char[text.size() + 1]();
  std::memcpy(copied, text.data(), text.size());
  return copied;
}

// The entry of the function or type that `Key` stands for.
template <class Key>
inline tm_function entry{};

template <auto F>
struct key {};

// Names of parameters or results, as they stand in the source.
template <std::size_t N>
using names = const char* const (&)[N];

template <class... A, std::size_t N>
const tm_field* parameter_fields(types<A...>, names<N> given) {
  static_assert((cell<A> && ...), "a parameter has a type that no column can hold");
  static_assert(N == sizeof...(A), "name each parameter");
  std::size_t place = 0;
  return new tm_field[sizeof...(A) + 1]{field_of<A>(given[place++])...};
}

// Fills in what the catalog says of a function.
template <is_row Row>
void describe(tm_function& entry, std::string_view name, std::uint8_t kind, const char* doc,
              const tm_field* parameters, std::size_t count, const char* result) {
  entry.name = copy(name);
  entry.doc = doc;
  entry.kind = kind;
  entry.parameters = parameters;
  entry.parameter_count = static_cast<std::uint32_t>(count);
  auto* results = new typename row<Row>::fields_type(row<Row>::fields(result ? result : name));
  entry.results = results->data();
  entry.result_count = static_cast<std::uint32_t>(results->size());
}

// Opens the parameters of a function.
template <std::size_t N>
std::array<tm_reader, N> open(tm_call* call, const tm_function& entry) {
  std::array<tm_reader, N> in{};
  for (std::uint32_t place = 0; place < N; place++) {
    in[place] = tm_open(call, place, &entry.parameters[place]);
  }
  return in;
}

// Calls `function` with the values of a row, after `first`.
template <class... A, class F, class... First>
inline decltype(auto) call_row(types<A...>, const std::array<tm_reader, sizeof...(A)>& in,
                               std::size_t row, F&& function, First&&... first) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) -> decltype(auto) {
    return function(std::forward<First>(first)..., column<A>::get(in[I], row)...);
  }(std::index_sequence_for<A...>());
}

template <class... A>
constexpr std::size_t count(types<A...>) {
  return sizeof...(A);
}

inline void refuse_row(std::uint32_t row, const row_error& error) {
  tm_refuse_row(row, {error.reason.data(), error.reason.size()});
}

}  // namespace tidemill::detail
