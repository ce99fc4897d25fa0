// Memory that lasts until a call ends: what the host writes arguments to, and what results are made
// in. Chunks are kept and used again, so a library takes as much memory as its largest call needs.
#include <stdlib.h>

#include "../tidemill/function.h"
#include "../tidemill/guest.h"

typedef struct chunk {
  struct chunk *next;
  size_t size;
} chunk;

// Every piece is fit for vectors.
enum { ALIGNMENT = 16, LEAST_CHUNK = 64 * 1024 };

static chunk *first_chunk, *current;
static char *cursor, *end;

static char *enter(chunk *next) {
  current = next;
  cursor = (char *)next + ALIGNMENT;
  end = cursor + next->size;
  return cursor;
}

static void *from_next_chunk(size_t size) {
  chunk **link = current ? &current->next : &first_chunk;
  while (*link && (*link)->size < size) link = &(*link)->next;
  if (!*link) {
    // Twice as large as the one before, so that there are few of them; a power of two, as `malloc`
    // likes it.
    size_t room = current ? (current->size + ALIGNMENT) * 2 : LEAST_CHUNK;
    while (room && room - ALIGNMENT < size) room *= 2;
    chunk *made = room ? aligned_alloc(ALIGNMENT, room) : NULL;
    if (!made) {
      tm_log(TM_ERROR, "out of memory");
      __builtin_trap();
    }
    made->next = NULL;
    made->size = room - ALIGNMENT;
    *link = made;
  }
  char *memory = enter(*link);
  cursor += size;
  return memory;
}

void *tm_alloc(size_t size) {
  if (size > SIZE_MAX / 2) return from_next_chunk(size);
  size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  if (size > (size_t)(end - cursor)) return from_next_chunk(size);
  char *memory = cursor;
  cursor += size;
  return memory;
}

void tm_free_all(void) {
  if (first_chunk) enter(first_chunk);
}

// The host's way to get memory for what it sends.
__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *old, size_t old_size,
                                                                size_t alignment, size_t size) {
  (void)alignment;
  if (size <= old_size && old) return old;
  void *memory = tm_alloc(size);
  if (old_size) memcpy(memory, old, old_size);
  return memory;
}
