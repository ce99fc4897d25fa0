// The list of the functions of a library.
#pragma once

#include "config.hpp"
#include "signature.hpp"

namespace tidemill {

// One in the program: `tidemill::library library{...}` with functions and the configuration.
class library {
 public:
  template <class... Part>
  explicit library(Part... parts) {
    (add(parts), ...);
  }

 private:
  static void add(tm_function* function) { tm_register(function); }
  static void add(detail::read_config read) { tm_register_config(read); }
};

// A function under another name than its own, for overloads and lambdas. Its result keeps its name.
inline tm_function* named(const char* name, tm_function* function) {
  function->name = name;
  return function;
}

}  // namespace tidemill
