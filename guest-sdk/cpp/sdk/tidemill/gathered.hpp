// Columns as arrays, for functions that want many rows at once.
#pragma once

#include "signature.hpp"

namespace tidemill::detail {

template <class T>
struct element_of;
template <class T>
struct element_of<std::span<T>> {
  using type = std::remove_const_t<T>;
  static constexpr bool is_result = !std::is_const_v<T>;
};

// The rows of a column that have every value they need: as they lie in the column where that can be.
template <cell T>
class gathered {
 public:
  gathered(const tm_call& call, const tm_reader& in, std::uint32_t present) {
    if constexpr (column<T>::is_array) {
      if (!call.mask) {
        values_ = static_cast<const T*>(in.values);
        return;
      }
    }
    copied_ = static_cast<T*>(tm_alloc(present * sizeof(T)));
    values_ = copied_;
    for (std::uint32_t row = 0; row < call.rows; row++) {
      if (tm_wanted(&call, row)) new (copied_ + count_++) T(column<T>::get(in, row));
    }
  }
  gathered(gathered&& other)
      : values_(other.values_), copied_(std::exchange(other.copied_, nullptr)), count_(other.count_) {}
  ~gathered() {
    if (copied_) std::destroy_n(copied_, count_);
  }

  std::span<const T> part(std::uint32_t start, std::uint32_t end) const {
    return {values_ + start, values_ + end};
  }

 private:
  const T* values_ = nullptr;
  T* copied_ = nullptr;
  std::uint32_t count_ = 0;
};

// All columns of a call.
template <class... T>
std::tuple<gathered<T>...> gather(types<T...>, const tm_call& call, const tm_reader* in) {
  const std::uint32_t present = tm_present(&call);
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return std::tuple<gathered<T>...>{gathered<T>(call, in[I], present)...};
  }(std::index_sequence_for<T...>());
}

}  // namespace tidemill::detail
