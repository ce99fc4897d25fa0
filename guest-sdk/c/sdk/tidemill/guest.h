// What a function can ask the runtime for: memory for its results, the refusal of a row, a line in
// the log.
#ifndef TIDEMILL_GUEST_H
#define TIDEMILL_GUEST_H

#include <stddef.h>

#include "values.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum { TM_DEBUG, TM_INFO, TM_WARN, TM_ERROR } tm_level;

#ifdef __wasm__

// Memory that lasts until the call ends; never null.
void *tm_alloc(size_t size);

// Refuses the row that the function was called with, for this reason. What the function returns or
// has changed in a state is of no meaning then. The first reason counts.
void tm_refuse(const char *reason);

// Writes a line to the log of the host.
void tm_log(tm_level level, const char *line);

#else

#include <stdio.h>
#include <stdlib.h>

// In a test nobody gives it back.
static inline void *tm_alloc(size_t size) {
  void *memory = malloc(size ? size : 1);
  if (!memory) abort();
  return memory;
}

// Why the last function has refused its row; null if it has not.
__attribute__((weak)) const char *tm_refused_because;

static inline void tm_refuse(const char *reason) {
  if (!tm_refused_because) tm_refused_because = reason;
}

// In a test: why rows were refused since this was asked last; null if none was.
static inline const char *tm_refusal(void) {
  const char *reason = tm_refused_because;
  tm_refused_because = NULL;
  return reason;
}

static inline void tm_log(tm_level level, const char *line) {
  static const char *const names[] = {"debug", "info", "warn", "error"};
  fprintf(stderr, "%s: %s\n", names[level], line);
}

#endif

// A text of two, one after the other.
static inline tm_text tm_concat(tm_text left, tm_text right) {
  char *data = (char *)tm_alloc(left.size + right.size);
  if (left.size) memcpy(data, left.data, left.size);
  if (right.size) memcpy(data + left.size, right.data, right.size);
  tm_text both = {data, left.size + right.size};
  return both;
}

#ifdef __cplusplus
}
#endif

#endif
