// Aggregate functions: how a group's values become one, once and incrementally.
//
// Three classes, by what incremental maintenance needs:
//   linear        count, sum, avg...: an accumulator to which (value, diff) is added; order and sign do not matter;
//                 exact (float sums too), so that retraction brings back the very value
//   hierarchical  min, max: decided within small groups, then among the winners
//   whole_group   string_agg, array_agg...: computed from all values of the group, in order
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/functions/function.hpp"
#include "repr/column.hpp"
#include "repr/timestamp.hpp"

namespace tailrace::engine {

enum class AggregateClass : std::uint8_t { linear, hierarchical, whole_group };

struct AggregateFunction {
  std::string_view name;
  std::vector<Parameter> takes;  // none: count(*)
  Parameter gives = TypeId::unknown;
  AggregateClass kind = AggregateClass::linear;
  bool ignores_nulls = true;   // rows with a NULL argument do not count
  std::string_view doc;
  std::string_view example;
  Type (*result_type)(std::span<const Type> arguments) = nullptr;

  // linear: accumulators are `accumulator_bytes` of trivially copyable state, all zero = no input. `update` adds
  // diffs[i] times the arguments' row rows[i] into state[i]; arguments are not null if ignores_nulls. `merge` adds one
  // state to another. `finish` appends the result; a state in which everything cancelled gives what the empty group
  // gives (count 0, sum NULL).
  std::size_t accumulator_bytes = 0;
  void (*update)(std::span<const ColumnPtr> arguments, std::span<const std::uint32_t> rows,
                 std::span<const Diff> diffs, std::span<std::byte* const> states) = nullptr;
  void (*merge)(std::byte* into, const std::byte* from) = nullptr;
  void (*finish)(const std::byte* state, const Type& type, ColumnBuilder& out) = nullptr;

  // hierarchical: true if row a of the (single) argument wins over row b.
  bool (*wins)(const Column& a, std::size_t row_a, const Column& b, std::size_t row_b) = nullptr;

  // whole_group: the arguments of one group's rows, in the wanted order, with multiplicities expanded. Throws SqlError.
  void (*compute)(std::span<const ColumnPtr> arguments, const Type& type, ColumnBuilder& out) = nullptr;
};

std::span<const AggregateFunction* const> aggregates_named(std::string_view name);
const std::vector<const AggregateFunction*>& all_aggregates();

}  // namespace tailrace::engine
