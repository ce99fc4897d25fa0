// Functions that make one row of each row.
#pragma once

#include "signature.hpp"

namespace tidemill {
namespace detail {

template <auto F>
struct scalar_function {
  using type = signature<decltype(F)>;
  using arguments = typename type::arguments;
  using given = typename type::result;
  using output = unwrapped_t<given>;
  static_assert(is_row<output>, "the function returns what no columns can hold");

  static void run(tm_call* call, void*) {
    const auto in = open<count(arguments())>(call, entry<key<F>>);
    if (call->error) return;
    auto out = build<output>(entry<key<F>>.results, call->rows);
    fill(call, in, out.data());
    call->columns = tm_finish(out.data(), out.size());
  }

  template <class In>
  static void fill(tm_call* call, const In in, tm_builder* out) {
    const std::uint32_t rows = call->rows;
    if constexpr (!fallible<given> && cell<output>) {
      if constexpr (column<output>::is_array || std::is_same_v<output, bool>) {
        if (!call->mask) return fill_array(in, out, rows);
      }
    }
    for (std::uint32_t row = 0; row < rows; row++) {
      if (!tm_wanted(call, row)) {
        push_nulls(out);
        continue;
      }
      auto made = call_row(arguments(), in, row, F);
      if constexpr (!fallible<given>) {
        detail::row<output>::push(out, made);
      } else if (made) {
        detail::row<output>::push(out, *made);
      } else {
        refuse_row(row, made.error());
        push_nulls(out);
      }
    }
  }

  // In a loop that the compiler can vectorize.
  template <class In>
  static void fill_array(const In in, tm_builder* out, std::uint32_t rows) {
    constexpr bool is_bool = std::is_same_v<output, bool>;
    auto* values = static_cast<output*>(is_bool ? tm_alloc(rows) : out->values);
    for (std::uint32_t row = 0; row < rows; row++) values[row] = call_row(arguments(), in, row, F);
    if constexpr (is_bool) {
      tm_push_bits(out, values, rows);
    } else {
      out->rows = rows;
    }
  }

  static void push_nulls(tm_builder* out) {
    for (std::size_t place = 0; place < detail::row<output>::width; place++) tm_push_null(&out[place]);
  }

  template <std::size_t P>
  static tm_function* described(const char* doc, names<P> parameters, const char* result) {
    tm_function& made = entry<key<F>>;
    describe<output>(made, name_of<F>(), TM_SCALAR_KIND, doc,
                     parameter_fields(arguments(), parameters), P, result);
    made.run = run;
    return &made;
  }
};

}  // namespace detail

// A function of a row, with its doc comment and the names of its parameters. The result is called like
// the function, or like the members of a struct. A filter returns `bool`.
template <auto F, std::size_t P>
tm_function* scalar(const char* doc, detail::names<P> parameters) {
  return detail::scalar_function<F>::described(doc, parameters, nullptr);
}
// The same with another name for the result.
template <auto F, std::size_t P>
tm_function* scalar(const char* doc, detail::names<P> parameters, detail::names<1> result) {
  static_assert(detail::cell<typename detail::scalar_function<F>::output>,
                "the members of a struct have names of their own");
  return detail::scalar_function<F>::described(doc, parameters, result[0]);
}

}  // namespace tidemill
