// Makes the entry of a linear aggregate from a state struct:
//
//   struct State { void add(Value value, Diff diff); void merge(const State&); ... };   // all
//   zero: no input
//
// States are trivially copyable and aligned to 8.
#pragma once

#include "engine/functions/aggregate.hpp"
#include "engine/functions/kernel.hpp"

namespace tailrace::engine {

template <class State, class T>
void update_states(std::span<const ColumnPtr> arguments, std::span<const std::uint32_t> rows,
                   std::span<const Diff> diffs, std::span<std::byte* const> states) {
  const Reader<T> values(Operand{arguments[0].get(), false});
  for (std::size_t i = 0; i < rows.size(); ++i)
    reinterpret_cast<State*>(states[i])->add(values(rows[i]), diffs[i]);
}

template <class State>
void merge_states(std::byte* into, const std::byte* from) {
  reinterpret_cast<State*>(into)->merge(*reinterpret_cast<const State*>(from));
}

template <class State>
const State& state_at(const std::byte* state) {
  return *reinterpret_cast<const State*>(state);
}

template <class State, class T>
AggregateFunction linear_aggregate(std::string_view name, TypeId takes, TypeId gives,
                                   std::string_view doc, std::string_view example,
                                   void (*finish)(const std::byte*, const Type&, ColumnBuilder&)) {
  static_assert(std::is_trivially_copyable_v<State> && alignof(State) <= 8);
  return {.name = name,
          .takes = {takes},
          .gives = gives,
          .kind = AggregateClass::linear,
          .doc = doc,
          .example = example,
          .accumulator_bytes = sizeof(State),
          .update = update_states<State, T>,
          .merge = merge_states<State>,
          .finish = finish};
}

}  // namespace tailrace::engine
