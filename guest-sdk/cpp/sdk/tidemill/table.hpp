// Functions that make any number of rows of each row.
#pragma once

#include "signature.hpp"
#include "sink.hpp"

namespace tidemill {
namespace detail {

template <class T>
struct sunk;
template <class T>
struct sunk<sink<T>> {
  using type = T;
};

template <auto F>
struct table_function {
  using type = signature<decltype(F)>;
  using parts = split_last<typename type::arguments>;
  using arguments = typename parts::rest;
  using output = typename sunk<typename parts::last>::type;
  static_assert(is_row<output>, "the function makes rows that no columns can hold");

  static void run(tm_call* call, void*) {
    const auto in = open<count(arguments())>(call, entry<key<F>>);
    if (call->error) return;
    auto out = build<output>(entry<key<F>>.results, call->rows);
    tm_begin_rows(call, out.data());
    for (std::uint32_t row = 0; row < call->rows; row++) {
      if (!tm_wanted(call, row)) continue;
      const std::uint32_t before = tm_out.rows;
      tm_now.row = row;
      sink<output> results;
      auto function = [&](auto&&... values) {
        return F(std::forward<decltype(values)>(values)..., results);
      };
      if constexpr (!fallible<typename type::result>) {
        call_row(arguments(), in, row, function);
      } else if (auto done = call_row(arguments(), in, row, function); !done) {
        refuse_row(row, done.error());
        tm_take_back(out.size(), before);
      }
    }
    tm_end_rows(call, out.size());
  }

  template <std::size_t P>
  static tm_function* described(const char* doc, names<P> parameters, const char* result) {
    tm_function& made = entry<key<F>>;
    describe<output>(made, name_of<F>(), TM_TABLE_KIND, doc,
                     parameter_fields(arguments(), parameters), P, result);
    made.run = run;
    return &made;
  }
};

}  // namespace detail

// A function whose last parameter is a `tidemill::sink<T>&`; returns nothing or a `result<void>`.
template <auto F, std::size_t P>
tm_function* table(const char* doc, detail::names<P> parameters) {
  return detail::table_function<F>::described(doc, parameters, nullptr);
}
template <auto F, std::size_t P>
tm_function* table(const char* doc, detail::names<P> parameters, detail::names<1> result) {
  return detail::table_function<F>::described(doc, parameters, result[0]);
}

}  // namespace tidemill
