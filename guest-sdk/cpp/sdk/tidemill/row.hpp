// A row of results: a value, or a struct with several.
#pragma once

#include <array>

#include "column.hpp"
#include "members.hpp"

namespace tidemill::detail {

template <class T>
struct row;

template <cell T>
struct row<T> {
  static constexpr std::size_t width = 1;
  using fields_type = std::array<tm_field, 1>;

  static fields_type fields(std::string_view name) { return {field_of<T>(name)}; }
  static void push(tm_builder* out, const T& value) { column<T>::push(out[0], value); }
};

template <has_members T>
struct row<T> {
  static constexpr std::size_t width = member_count<T>;
  using fields_type = std::array<tm_field, width>;

  // The members have names of their own.
  static fields_type fields(std::string_view) {
    return []<std::size_t... I>(std::index_sequence<I...>) {
      return fields_type{field_of<member<T, I>>(member_name<T>(I))...};
    }(std::make_index_sequence<width>());
  }
  static void push(tm_builder* out, const T& value) {
    auto members = value.tidemill_members();
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (column<member<T, I>>::push(out[I], std::get<I>(members)), ...);
    }(std::make_index_sequence<width>());
  }
};

// What a function may give for a row.
template <class T>
concept is_row = cell<T> || has_members<T>;

// Starts the columns of `T`.
template <is_row T>
auto build(const tm_field* fields, std::uint32_t rows) {
  std::array<tm_builder, row<T>::width> out;
  for (std::size_t place = 0; place < out.size(); place++) out[place] = tm_build(&fields[place], rows);
  return out;
}

}  // namespace tidemill::detail
