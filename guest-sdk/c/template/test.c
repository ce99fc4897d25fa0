// Calls the functions as they are, on this machine.
#undef NDEBUG
#include <assert.h>
#include <stdio.h>

#include "src/{{name}}.c"

int main(void) {
  assert(to_fahrenheit(100.0) == 212.0);
  assert(!is_hot(30.0));
  assert(is_hot(30.1));

  mean_state state = {0};
  assert(!mean_finish(&state).present);
  mean_update(&state, 1.0);
  mean_merge(&state, &(mean_state){.sum = 5.0, .count = 2});
  assert(mean_finish(&state).value == 2.0);
  puts("all is well");
}
