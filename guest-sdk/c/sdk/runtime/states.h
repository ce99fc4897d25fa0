// States on their way from columns to structs and back, and from an older version to this one.
#ifndef TIDEMILL_STATES_H
#define TIDEMILL_STATES_H

#include "../tidemill/function.h"

// The states of a batch; null if it does not fit, and then the call has failed.
void *tm_load_states(tm_call *call, const tm_state *state, const tm_batch *batch);
// Gives back what states hold; null is no state.
void tm_drop_states(const tm_state *state, void *states, uint32_t rows);
tm_batch tm_store_states(const tm_state *state, const void *states, uint32_t rows);
// States that have seen no row.
tm_batch tm_first_states(const tm_state *state, uint32_t rows);
tm_batch tm_migrate_states(tm_call *call, const tm_state *state, uint32_t version, tm_list fields,
                           const tm_batch *old);

#endif
