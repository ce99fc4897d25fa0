// How values of each type of C++ are read from columns and added to them.
#pragma once

#include <concepts>
#include <cstring>

#include "builder.h"
#include "reader.h"
#include "values.hpp"

namespace tidemill::detail {

// `column<T>` says what column holds a `T`. There is none for a type that no column can hold.
template <class T>
struct column;

template <class T, std::uint8_t Type>
struct number_column {
  static constexpr std::uint8_t type = Type;
  static constexpr bool nullable = false;
  // Whether a column of it is an array of it.
  static constexpr bool is_array = true;

  static T get(const tm_reader& reader, std::size_t row) {
    return static_cast<const T*>(reader.values)[row];
  }
  static void push(tm_builder& builder, T value) {
    tm_reserve(&builder);
    static_cast<T*>(builder.values)[builder.rows] = value;
    tm_added(&builder);
  }
};

template <>
struct column<std::int32_t> : number_column<std::int32_t, TM_INT32> {};
template <>
struct column<std::int64_t> : number_column<std::int64_t, TM_INT64> {};
template <>
struct column<float> : number_column<float, TM_FLOAT32> {};
template <>
struct column<double> : number_column<double, TM_FLOAT64> {};
template <>
struct column<timestamp> : number_column<timestamp, TM_TIMESTAMP> {
  static_assert(sizeof(timestamp) == sizeof(std::int64_t));
};

template <>
struct column<bool> {
  static constexpr std::uint8_t type = TM_BOOLEAN;
  static constexpr bool nullable = false;
  static constexpr bool is_array = false;

  static bool get(const tm_reader& reader, std::size_t row) { return tm_get_boolean(&reader, row); }
  static void push(tm_builder& builder, bool value) { tm_push_boolean(&builder, value); }
};

template <class T, std::uint8_t Type>
struct bytes_column {
  static constexpr std::uint8_t type = Type;
  static constexpr bool nullable = false;
  static constexpr bool is_array = false;

  static T get(const tm_reader& reader, std::size_t row) {
    tm_text text = tm_get_utf8(&reader, row);
    using element = const typename T::value_type;
    auto* first = reinterpret_cast<element*>(text.data);
    return T(first, first + text.size);
  }
  static void push(tm_builder& builder, const T& value) {
    tm_push_utf8(&builder, {reinterpret_cast<const char*>(value.data()), value.size()});
  }
};

template <>
struct column<std::string_view> : bytes_column<std::string_view, TM_UTF8> {};
template <>
struct column<std::string> : bytes_column<std::string, TM_UTF8> {};
template <>
struct column<bytes> : bytes_column<bytes, TM_BINARY> {};
template <>
struct column<std::vector<std::byte>> : bytes_column<std::vector<std::byte>, TM_BINARY> {};

template <class T>
struct column<std::optional<T>> {
  static constexpr std::uint8_t type = column<T>::type;
  static constexpr bool nullable = true;
  static constexpr bool is_array = false;

  static std::optional<T> get(const tm_reader& reader, std::size_t row) {
    if (reader.validity && !tm_bit(reader.validity, row)) return std::nullopt;
    return column<T>::get(reader, row);
  }
  static void push(tm_builder& builder, const std::optional<T>& value) {
    if (value) {
      column<T>::push(builder, *value);
    } else {
      tm_push_null(&builder);
    }
  }
};

// A type that one column can hold.
template <class T>
concept cell = requires { column<T>::type; };

// The catalog's entry for a column of `T`.
template <cell T>
tm_field field_of(std::string_view name) {
  auto* copy = new char[name.size() + 1]();
  if (!name.empty()) std::memcpy(copy, name.data(), name.size());
  return {{copy, static_cast<std::uint32_t>(name.size())}, column<T>::type, column<T>::nullable};
}

}  // namespace tidemill::detail
