// The configuration of a stage, read into a struct with `TIDEMILL_MEMBERS`. Members that are left out keep the
// values they have. A key that is no member is refused when the pipeline starts, and so is a value of another
// type. Members may be `bool`, `std::int32_t`, `std::int64_t`, `float`, `double` and `std::string`.
#pragma once

#include "config.h"
#include "signature.hpp"

namespace tidemill {
namespace detail {

template <class C>
struct configuration {
  static inline C* target;

  static void read(tm_call* call, tm_list json) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      static const auto fields = row<C>::fields({});
      auto members = target->tidemill_members();
      tm_text texts[sizeof...(I) + 1] = {};
      const tm_setting settings[] = {
          {fields[I].name, fields[I].type, place(std::get<I>(members), texts[I])}...};
      tm_read_settings(call, json, settings, sizeof...(I));
      if (!call->error) (keep(std::get<I>(members), texts[I]), ...);
    }(std::make_index_sequence<member_count<C>>());
  }

  template <class T>
  static void* place(T& value, tm_text&) {
    return &value;
  }
  static void* place(std::string&, tm_text& text) { return &text; }

  template <class T>
  static void keep(T&, tm_text) {}
  static void keep(std::string& value, tm_text text) {
    if (text.data) value.assign(text.data, text.size);
  }
};

using read_config = void (*)(tm_call* call, tm_list json);

}  // namespace detail

// Reads the configuration into `target`.
template <has_members C>
detail::read_config config(C& target) {
  detail::configuration<C>::target = &target;
  return detail::configuration<C>::read;
}

}  // namespace tidemill
