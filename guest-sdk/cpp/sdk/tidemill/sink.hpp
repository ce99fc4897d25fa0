// Where the rows go of functions that make any number of them.
#pragma once

#include <vector>

#include "members.hpp"

#ifdef __wasm__
#include "row.hpp"

#include "function.h"
#endif

namespace tidemill {

// The results of a function that adds none to the rows it lets pass.
struct nothing {
  TIDEMILL_MEMBERS()
};

// Takes rows of results. Texts and bytes are copied.
template <class T>
class sink {
 public:
#ifdef __wasm__
  void emit(const T& row) {
    detail::row<T>::push(tm_out.columns, row);
    tm_emitted();
  }
#else
  void emit(const T& row) { rows.push_back(row); }

  // For tests: what was made.
  std::vector<T> rows;
#endif
};

}  // namespace tidemill
