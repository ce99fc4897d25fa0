// Functions that make one row of many, by way of an accumulator: a state with three methods.
//
//     struct mean {
//       double sum = 0;
//       std::int64_t count = 0;
//       TIDEMILL_MEMBERS(sum, count)
//
//       void update(double value) { sum += value; count += 1; }
//       void merge(const mean& other) { sum += other.sum; count += other.count; }
//       std::optional<double> finish() const { ... }
//     };
//
// `update` may return a `result<void>`: an error refuses the row, and the accumulator stays what it was. The
// host may cut the rows of a group into pieces, each with an accumulator of its own: `merge` adds what `other`
// has seen, which came later. Errors of `merge` and `finish` end the whole call: there is no row to blame.
#pragma once

#include "state.hpp"

namespace tidemill {
namespace detail {

template <class S>
struct aggregate_function {
  using updating = signature<decltype(&S::update)>;
  using arguments = typename updating::arguments;
  using merged = typename signature<decltype(&S::merge)>::result;
  using finished = typename signature<decltype(&S::finish)>::result;
  using output = unwrapped_t<finished>;
  static_assert(is_row<output>, "`finish` returns what no columns can hold");

  static void update(tm_call* call, void* memory) {
    const auto in = open<count(arguments())>(call, entry<S>);
    if (call->error) return;
    auto* states = static_cast<S*>(memory);
    for (std::uint32_t row = 0; row < call->rows; row++) {
      if (!tm_wanted(call, row)) continue;
      S& state = states[call->groups[row]];
      auto function = [&](auto&&... values) {
        return state.update(std::forward<decltype(values)>(values)...);
      };
      if constexpr (!fallible<typename updating::result>) {
        call_row(arguments(), in, row, function);
      } else {
        S before = state;
        if (auto done = call_row(arguments(), in, row, function); !done) {
          refuse_row(row, done.error());
          state = std::move(before);
        }
      }
    }
  }

  static void merge(tm_call* call, void* memory, const void* partials) {
    auto* states = static_cast<S*>(memory);
    auto* others = static_cast<const S*>(partials);
    for (std::uint32_t row = 0; row < call->rows; row++) {
      S& state = states[call->groups[row]];
      if constexpr (!fallible<merged>) {
        state.merge(others[row]);
      } else if (auto done = state.merge(others[row]); !done) {
        refuse_row(row, done.error());
      }
    }
  }

  static void finish(tm_call* call, const void* memory) {
    auto* states = static_cast<const S*>(memory);
    auto out = build<output>(entry<S>.results, call->rows);
    for (std::uint32_t place = 0; place < call->rows; place++) {
      auto made = states[place].finish();
      if constexpr (!fallible<finished>) {
        row<output>::push(out.data(), made);
      } else if (made) {
        row<output>::push(out.data(), *made);
      } else {
        refuse_row(place, made.error());
      }
    }
    call->columns = tm_finish(out.data(), out.size());
  }

  template <std::size_t P>
  static tm_function* described(const char* doc, names<P> parameters, const char* result) {
    return made_of(doc, parameter_fields(arguments(), parameters), P, result);
  }

  static tm_function* made_of(const char* doc, const tm_field* parameters, std::size_t count,
                              const char* result) {
    tm_function& made = entry<S>;
    describe<output>(made, type_name<S>(), TM_AGGREGATE_KIND, doc, parameters, count, result);
    made.state = &state<S>::described();
    made.run = update;
    made.merge = merge;
    made.finish = finish;
    return &made;
  }
};

}  // namespace detail

// An aggregate, called like its struct, as is its result.
template <class S, std::size_t P>
tm_function* aggregate(const char* doc, detail::names<P> parameters) {
  return detail::aggregate_function<S>::described(doc, parameters, nullptr);
}
template <class S, std::size_t P>
tm_function* aggregate(const char* doc, detail::names<P> parameters, detail::names<1> result) {
  return detail::aggregate_function<S>::described(doc, parameters, result[0]);
}
// One whose `update` takes no values.
template <class S>
tm_function* aggregate(const char* doc) {
  return detail::aggregate_function<S>::made_of(doc, nullptr, 0, nullptr);
}

}  // namespace tidemill
