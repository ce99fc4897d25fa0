// What an aggregate or a process function remembers: a struct with `TIDEMILL_MEMBERS`, as columns that the
// host keeps. Before the first row it is what `S{}` makes.
//
// The names and types of the members are part of what a running stream has stored. When they change, keep the
// old struct and say how it becomes the new one:
//
//     struct mean {
//       static constexpr std::uint32_t version = 2;      // 1 where there is none
//       static mean from(const mean_v1& old) { return {old.sum, old.count}; }
//       ...
//     };
#pragma once

#include <memory>

#include "signature.hpp"

namespace tidemill::detail {

template <has_members S>
struct state {
  static tm_state& described() {
    static tm_state made = make();
    return made;
  }

  static tm_state make() {
    static auto fields = row<S>::fields({});
    tm_state made{};
    made.fields = fields.data();
    made.field_count = fields.size();
    made.version = version();
    made.size = sizeof(S);
    made.load = load;
    made.store = store;
    made.init = init;
    made.drop = std::is_trivially_destructible_v<S> ? nullptr : drop;
    if constexpr (requires { &S::from; }) {
      using from = signature<decltype(&S::from)>;
      using old = typename split_first<typename from::arguments>::first;
      static tm_migration way{&state<old>::described(), convert<old>, nullptr};
      made.migrations = &way;
    }
    return made;
  }

  static constexpr std::uint32_t version() {
    if constexpr (requires { S::version; }) {
      return S::version;
    } else {
      return 1;
    }
  }

  static void load(tm_call* call, const tm_batch* batch, void* memory) {
    const tm_state& self = described();
    std::array<tm_reader, member_count<S>> in{};
    for (std::uint32_t place = 0; place < in.size(); place++) {
      in[place] = tm_open_state(call, batch, place, &self.fields[place]);
    }
    if (call->error) return;
    auto* states = static_cast<S*>(memory);
    for (std::uint32_t row = 0; row < batch->rows; row++) {
      auto members = (new (states + row) S{})->tidemill_members();
      [&]<std::size_t... I>(std::index_sequence<I...>) {
        ((std::get<I>(members) = column<member<S, I>>::get(in[I], row)), ...);
      }(std::make_index_sequence<member_count<S>>());
    }
  }

  static tm_list store(const void* memory, std::uint32_t rows) {
    auto out = build<S>(described().fields, rows);
    auto* states = static_cast<const S*>(memory);
    for (std::uint32_t place = 0; place < rows; place++) row<S>::push(out.data(), states[place]);
    return tm_finish(out.data(), out.size());
  }

  static void init(void* memory, std::uint32_t rows) {
    for (std::uint32_t row = 0; row < rows; row++) new (static_cast<S*>(memory) + row) S{};
  }

  static void drop(void* memory, std::uint32_t rows) {
    std::destroy_n(static_cast<S*>(memory), rows);
  }

  template <class Old>
  static void convert(const void* old_states, void* new_states, std::uint32_t rows) {
    for (std::uint32_t row = 0; row < rows; row++) {
      static_cast<S*>(new_states)[row] = S::from(static_cast<const Old*>(old_states)[row]);
    }
  }
};

}  // namespace tidemill::detail
