// Scalar functions whose author wants whole columns.
#pragma once

#include "gathered.hpp"

namespace tidemill {
namespace detail {

template <class List, class In = types<>, class Out = types<>>
struct split_spans;
template <class... In, class... Out>
struct split_spans<types<>, types<In...>, types<Out...>> {
  using in = types<In...>;
  using out = types<Out...>;
};
template <class Span, class... Rest, class... In, class... Out>
struct split_spans<types<Span, Rest...>, types<In...>, types<Out...>>
    : std::conditional_t<
          element_of<Span>::is_result,
          split_spans<types<Rest...>, types<In...>, types<Out..., typename element_of<Span>::type>>,
          split_spans<types<Rest...>, types<In..., typename element_of<Span>::type>, types<Out...>>> {
};

// A column of results while the function writes it.
template <cell T>
class written {
 public:
  written(const tm_call& call, tm_builder& out, std::uint32_t present)
      : straight_(column<T>::is_array && !call.mask), count_(present) {
    values_ = static_cast<T*>(straight_ ? out.values : tm_alloc(present * sizeof(T)));
    std::uninitialized_value_construct_n(values_, present);
  }
  written(written&& other)
      : straight_(other.straight_), values_(std::exchange(other.values_, nullptr)), count_(other.count_) {}
  ~written() {
    if (values_ && !straight_) std::destroy_n(values_, count_);
  }

  std::span<T> span() const { return {values_, count_}; }

  void keep(const tm_call& call, tm_builder& out) const {
    if (straight_) {
      out.rows = call.rows;
      return;
    }
    if constexpr (std::is_same_v<T, bool>) {
      if (!call.mask) return tm_push_bits(&out, values_, count_);
    }
    const T* next = values_;
    for (std::uint32_t row = 0; row < call.rows; row++) {
      if (tm_wanted(&call, row)) {
        column<T>::push(out, *next++);
      } else {
        tm_push_null(&out);
      }
    }
  }

 private:
  bool straight_;
  T* values_;
  std::uint32_t count_;
};

template <auto F>
struct columns_function {
  using type = signature<decltype(F)>;
  using spans = split_spans<typename type::arguments>;
  using in_types = typename spans::in;
  using out_types = typename spans::out;

  static void run(tm_call* call, void*) {
    const tm_function& made = entry<key<F>>;
    const auto in = open<count(in_types())>(call, made);
    if (call->error) return;
    auto columns = gather(in_types(), *call, in.data());
    run_on(call, columns, out_types(), std::make_index_sequence<count(in_types())>(),
           std::make_index_sequence<count(out_types())>());
  }

  template <class Columns, class... Out, std::size_t... I, std::size_t... O>
  static void run_on(tm_call* call, const Columns& columns, types<Out...>, std::index_sequence<I...>,
                     std::index_sequence<O...>) {
    const tm_function& made = entry<key<F>>;
    const std::uint32_t present = tm_present(call);
    tm_builder out[] = {tm_build(&made.results[O], call->rows)...};
    std::tuple<written<Out>...> results{written<Out>(*call, out[O], present)...};
    auto function = [&] {
      return F(std::get<I>(columns).part(0, present)..., std::get<O>(results).span()...);
    };
    if constexpr (fallible<typename type::result>) {
      if (auto done = function(); !done) return tm_fail(call, copy(done.error().reason), nullptr);
    } else {
      function();
    }
    (std::get<O>(results).keep(*call, out[O]), ...);
    call->columns = tm_finish(out, sizeof...(O));
  }
};

template <class... T, std::size_t N>
const tm_field* result_fields(types<T...> all, names<N> given) {
  return parameter_fields(all, given);
}

}  // namespace detail

// A function of `std::span<const T>` for each parameter, then `std::span<T>` for each result, all of one
// length. Rows that have a null where the type has none are left out, and their results are null. An
// error refuses the whole batch, of which the host then tries the parts.
template <auto F, std::size_t P, std::size_t R>
tm_function* columns(const char* doc, detail::names<P> parameters, detail::names<R> results) {
  using function = detail::columns_function<F>;
  tm_function& made = detail::entry<detail::key<F>>;
  made.name = detail::copy(detail::name_of<F>());
  made.doc = doc;
  made.kind = TM_SCALAR_KIND;
  made.parameters = detail::parameter_fields(typename function::in_types(), parameters);
  made.parameter_count = P;
  made.results = detail::result_fields(typename function::out_types(), results);
  made.result_count = R;
  made.run = function::run;
  return &made;
}

}  // namespace tidemill
