// Calls the functions as they are, on this machine.
#undef NDEBUG
#include <cassert>
#include <cstdio>

#include "src/{{name}}.cpp"

int main() {
  assert(to_fahrenheit(100.0) == 212.0);
  assert(!is_hot(30.0));
  assert(is_hot(30.1));

  mean state;
  assert(!state.finish());
  state.update(1.0);
  state.merge({.sum = 5.0, .count = 2});
  assert(state.finish() == 2.0);
  std::puts("all is well");
}
