// Functions that see the rows of a key one by one and remember what they need in a state.
#pragma once

#include "state.hpp"
#include "table.hpp"

namespace tidemill {
namespace detail {

template <auto F>
struct process_function {
  using type = signature<decltype(F)>;
  using parts = split_first<typename type::arguments>;
  using kept = typename parts::first;
  using values = split_last<typename parts::rest>;
  using arguments = typename values::rest;
  using output = typename sunk<typename values::last>::type;
  static_assert(has_members<kept>, "the first parameter is a state with `TIDEMILL_MEMBERS`");
  static_assert(is_row<output>, "the function makes rows that no columns can hold");

  static void run(tm_call* call, void* memory) {
    const auto in = open<count(arguments())>(call, entry<key<F>>);
    if (call->error) return;
    auto out = build<output>(entry<key<F>>.results, call->rows);
    tm_begin_rows(call, out.data());
    auto* states = static_cast<kept*>(memory);
    for (std::uint32_t row = 0; row < call->rows; row++) {
      if (!tm_wanted(call, row)) continue;
      kept& state = states[call->groups[row]];
      const std::uint32_t made = tm_out.rows;
      tm_now.row = row;
      sink<output> results;
      auto function = [&](auto&&... values) {
        return F(state, std::forward<decltype(values)>(values)..., results);
      };
      if constexpr (!fallible<typename type::result>) {
        call_row(arguments(), in, row, function);
      } else {
        kept before = state;
        if (auto done = call_row(arguments(), in, row, function); !done) {
          refuse_row(row, done.error());
          state = std::move(before);
          tm_take_back(out.size(), made);
        }
      }
    }
    tm_end_rows(call, out.size());
  }

  template <std::size_t P>
  static tm_function* described(const char* doc, names<P> parameters, const char* result) {
    tm_function& made = entry<key<F>>;
    describe<output>(made, name_of<F>(), TM_PROCESS_KIND, doc,
                     parameter_fields(arguments(), parameters), P, result);
    made.state = &state<kept>::described();
    made.run = run;
    return &made;
  }
};

}  // namespace detail

// A function whose first parameter is the state of the row's key and whose last one is a `tidemill::sink<T>&`. An
// error refuses the row, which then has no results and leaves the state as it was.
template <auto F, std::size_t P>
tm_function* process(const char* doc, detail::names<P> parameters) {
  return detail::process_function<F>::described(doc, parameters, nullptr);
}
template <auto F, std::size_t P>
tm_function* process(const char* doc, detail::names<P> parameters, detail::names<1> result) {
  return detail::process_function<F>::described(doc, parameters, result[0]);
}

}  // namespace tidemill
