// Functions that make one row of many and need all of them at once.
#pragma once

#include "gathered.hpp"

namespace tidemill {
namespace detail {

template <class List>
struct elements;
template <class... Span>
struct elements<types<Span...>> {
  using type = types<typename element_of<Span>::type...>;
};

template <auto F>
struct holistic_function {
  using type = signature<decltype(F)>;
  using arguments = typename elements<typename type::arguments>::type;
  using given = typename type::result;
  using output = unwrapped_t<given>;
  static_assert(is_row<output>, "the function returns what no columns can hold");

  static void run(tm_call* call, void*) {
    const auto in = open<count(arguments())>(call, entry<key<F>>);
    if (call->error) return;
    const auto columns = gather(arguments(), *call, in.data());
    auto out = build<output>(entry<key<F>>.results, call->group_count);
    std::uint32_t place = 0, start = 0;
    for (std::uint32_t group = 0; group < call->group_count; group++) {
      std::uint32_t end = start;
      for (; place < call->rows && call->groups[place] == group; place++) end += tm_wanted(call, place);
      auto made = std::apply(
          [&](const auto&... column) { return F(column.part(start, end)...); }, columns);
      start = end;
      if constexpr (!fallible<given>) {
        row<output>::push(out.data(), made);
      } else if (made) {
        row<output>::push(out.data(), *made);
      } else {
        refuse_row(group, made.error());
        for (tm_builder& column : out) tm_push_null(&column);
      }
    }
    call->columns = tm_finish(out.data(), out.size());
  }

  template <std::size_t P>
  static tm_function* described(const char* doc, names<P> parameters, const char* result) {
    tm_function& made = entry<key<F>>;
    describe<output>(made, name_of<F>(), TM_HOLISTIC_KIND, doc,
                     parameter_fields(arguments(), parameters), P, result);
    made.run = run;
    return &made;
  }
};

}  // namespace detail

// A function of `std::span<const T>` for each parameter: the values of a group in the order of event time, which
// may be none. Rows that have a null where the type has none are left out of all spans. An error refuses the
// group.
template <auto F, std::size_t P>
tm_function* holistic(const char* doc, detail::names<P> parameters) {
  return detail::holistic_function<F>::described(doc, parameters, nullptr);
}
template <auto F, std::size_t P>
tm_function* holistic(const char* doc, detail::names<P> parameters, detail::names<1> result) {
  return detail::holistic_function<F>::described(doc, parameters, result[0]);
}

}  // namespace tidemill
