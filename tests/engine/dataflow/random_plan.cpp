#include "tests/engine/dataflow/random_plan.hpp"

#include <doctest/doctest.h>

#include "engine/functions/aggregate.hpp"
#include "engine/functions/function.hpp"
#include "engine/functions/table_function.hpp"
#include "engine/functions/window.hpp"
#include "tests/engine/dataflow/naive.hpp"
#include "tests/engine/plans.hpp"

namespace tailrace::engine::test {

namespace {

const Function& int4_operator(std::string_view symbol) {
  for (const Function* function : operators_named(symbol)) {
    if (function->takes.size() == 2 && function->takes[0].type == Type(TypeId::int4) &&
        function->takes[1].type == Type(TypeId::int4)) {
      return *function;
    }
  }
  FAIL("no such operator");
  throw;
}

ScalarPtr int4_call(std::string_view symbol, ScalarPtr a, ScalarPtr b) {
  const Function& function = int4_operator(symbol);
  return call(function, {std::move(a), std::move(b)}, function.gives.type);
}

ScalarPtr int4(std::int32_t value) {
  return literal(value, TypeId::int4);
}

}  // namespace

const std::vector<Type>& RandomPlan::collection_types() {
  static const std::vector<Type> types = {TypeId::int4, TypeId::int4, TypeId::float8, TypeId::text};
  return types;
}

Value RandomPlan::value(const Type& type) {
  if (below(8) == 0) return Null{};
  switch (type.id()) {
    case TypeId::int4:
      return static_cast<std::int32_t>(below(5));
    case TypeId::float8:
      return below(3) == 0 ? -0.0 : static_cast<double>(below(3)) / 2;
    default:
      return std::string(1 + below(2), static_cast<char>('a' + below(2)));
  }
}

Histories RandomPlan::histories(Timestamp last, std::size_t changes) {
  Histories result;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    BatchBuilder builder(collection_types());
    std::vector<std::vector<Value>> live;
    std::vector<Timestamp> times;
    for (std::size_t i = 0; i < changes; ++i) times.push_back(1 + below(last));
    std::sort(times.begin(), times.end());
    for (const Timestamp time : times) {
      if (!live.empty() && below(5) < 2) {
        const std::size_t victim = below(live.size());
        builder.append_row(live[victim], time, -1);
        live.erase(live.begin() + static_cast<std::ptrdiff_t>(victim));
      } else {
        std::vector<Value> row;
        for (const Type& type : collection_types()) row.push_back(value(type));
        builder.append_row(row, time, 1);
        live.push_back(std::move(row));
      }
    }
    result[storage::CollectionId{id}] = builder.finish();
  }
  return result;
}

PlanPtr RandomPlan::leaf() {
  const std::vector<Type>& types = collection_types();
  return get_collection(storage::CollectionId{1 + below(3)}, "c", types,
                        std::vector<bool>(types.size(), true));
}

ScalarPtr RandomPlan::column_of(const Plan& plan, TypeId type) {
  std::vector<int> candidates;
  for (std::size_t i = 0; i < plan.types.size(); ++i) {
    if (plan.types[i].id() == type) candidates.push_back(static_cast<int>(i));
  }
  if (candidates.empty()) return nullptr;
  return column(candidates[below(candidates.size())], type);
}

PlanPtr RandomPlan::map_filter(PlanPtr input) {
  plan::MapFilterProject node;
  node.input = input;
  if (const ScalarPtr x = column_of(*input, TypeId::int4)) {
    if (below(2)) node.maps.push_back(int4_call(below(6) ? "+" : "/", int4(6), x));
    if (below(2))
      node.predicates.push_back(
          int4_call(below(2) ? "<" : "<>", x, int4(static_cast<std::int32_t>(below(4)))));
  }
  const std::size_t width = input->types.size() + node.maps.size();
  for (std::size_t i = 0; i < width; ++i) {
    if (below(4)) node.projection.push_back(static_cast<int>(below(width)));
  }
  if (node.projection.empty()) node.projection.push_back(0);
  return map_filter_project(std::move(node));
}

PlanPtr RandomPlan::join_of(int depth) {
  std::vector<PlanPtr> inputs;
  for (std::size_t i = 0, n = 2 + below(2); i < n; ++i)
    inputs.push_back(below(2) ? leaf() : plan(depth - 1));
  std::vector<std::vector<ScalarPtr>> classes;
  int offset = 0;
  std::vector<ScalarPtr> over_int, over_float;
  for (const PlanPtr& input : inputs) {
    if (const ScalarPtr x = column_of(*input, TypeId::int4)) {
      over_int.push_back(shift_columns(below(5) ? x : int4_call("+", x, int4(1)), offset));
      if (below(6) == 0) over_int.push_back(shift_columns(column_of(*input, TypeId::int4), offset));
    }
    if (const ScalarPtr x = column_of(*input, TypeId::float8))
      over_float.push_back(shift_columns(x, offset));
    offset += static_cast<int>(input->types.size());
  }
  if (over_int.size() > 1) classes.push_back(over_int);
  if (over_float.size() > 1 && below(2)) classes.push_back(over_float);
  return join(std::move(inputs), std::move(classes));
}

PlanPtr RandomPlan::reduce_of(PlanPtr input) {
  plan::Reduce node;
  node.input = input;
  for (std::size_t i = below(3); i > 0; --i) {
    const std::size_t c = below(input->types.size());
    node.group_key.push_back(column(static_cast<int>(c), input->types[c]));
  }
  for (std::size_t i = below(3); i > 0; --i) {
    plan::Aggregate aggregate;
    const std::size_t c = below(input->types.size());
    const Type& type = input->types[c];
    const char* const names[] = {"count", "sum", "min", "max"};
    for (const AggregateFunction* function : aggregates_named(names[below(4)])) {
      if (function->takes.size() != 1 || function->takes[0].kind != Parameter::Kind::type) continue;
      if (!(function->takes[0].type == type)) continue;
      aggregate.function = function;
    }
    if (!aggregate.function) continue;
    aggregate.arguments = {column(static_cast<int>(c), type)};
    if (below(4) == 0) aggregate.arguments[0] = column(static_cast<int>(c), type);
    aggregate.distinct = below(3) == 0;
    if (const ScalarPtr x = column_of(*input, TypeId::int4); x && below(3) == 0) {
      aggregate.filter = int4_call("<", x, int4(3));
    }
    aggregate.type = aggregate.function->result_type
                         ? aggregate.function->result_type(std::vector<Type>{type})
                         : aggregate.function->gives.type;
    node.aggregates.push_back(std::move(aggregate));
  }
  if (wide_ && below(3) == 0) {
    plan::Aggregate aggregate;
    if (const ScalarPtr x = column_of(*input, TypeId::text)) {
      aggregate.function = &by_hand::aggregate("string_agg", {TypeId::text, TypeId::text});
      aggregate.arguments = {x, below(2) ? x : by_hand::text(",")};
      aggregate.distinct = below(3) == 0;
      aggregate.type = TypeId::text;
      if (below(2) && !aggregate.distinct) {
        const std::size_t c = below(input->types.size());
        aggregate.order_by.push_back(
            {.key = column(static_cast<int>(c), input->types[c]), .descending = below(2) == 0});
      }
      node.aggregates.push_back(std::move(aggregate));
    }
  }
  if (node.group_key.empty() && node.aggregates.empty()) return distinct(std::move(input));
  return reduce(std::move(node));
}

PlanPtr RandomPlan::top_k_of(PlanPtr input) {
  plan::TopK node;
  node.input = input;
  const auto any = [&] { return static_cast<int>(below(input->types.size())); };
  if (below(2)) node.group_key.push_back(any());
  for (std::size_t i = below(3); i > 0; --i) {
    node.order_by.push_back(
        {.column = any(), .descending = below(2) == 0, .nulls_first = below(2) == 0});
  }
  if (below(5)) node.limit = 1 + below(4);
  node.offset = below(3) == 0 ? below(3) : 0;
  return top_k(std::move(node));
}

PlanPtr RandomPlan::window_of(PlanPtr input) {
  plan::Window node;
  node.input = input;
  const auto any = [&] { return static_cast<int>(below(input->types.size())); };
  if (below(4)) node.partition_by.push_back(any());
  for (std::size_t i = below(3); i > 0; --i)
    node.order_by.push_back({.column = any(), .descending = below(2) == 0});
  node.expressions.push_back(
      {.function = window_functions_named(below(2) ? "row_number" : "rank")[0],
       .type = TypeId::int8});
  if (const ScalarPtr x = column_of(*input, TypeId::int4)) {
    const AggregateFunction& sum = by_hand::aggregate("sum", {TypeId::int4});
    node.expressions.push_back({.aggregate = &sum, .arguments = {x}, .type = sum.gives.type});
  }
  return window(std::move(node));
}

PlanPtr RandomPlan::flat_map_of(PlanPtr input) {
  const ScalarPtr x = column_of(*input, TypeId::int4);
  if (!x) return input;
  const TableFunction* series = nullptr;
  for (const TableFunction* function : table_functions_named("generate_series")) {
    if (function->takes.size() == 2 && function->takes[0].type == Type(TypeId::int4))
      series = function;
  }
  REQUIRE(series != nullptr);
  return flat_map(
      {.input = input, .function = series, .arguments = {int4(1), x}, .ordinality = below(2) == 0});
}

// The transitive closure of a graph of two int4 columns.
PlanPtr RandomPlan::closure_of(PlanPtr input) {
  const ScalarPtr from = column_of(*input, TypeId::int4), to = column_of(*input, TypeId::int4);
  if (!from) return input;
  const LocalId outside{next_local_++}, reach{next_local_++};
  const PlanPtr edge = distinct(project(
      get_local(outside, input->types, input->nullable),
      {std::get<scalar::Column>(from->node).index, std::get<scalar::Column>(to->node).index}));
  const std::vector<Type> types = edge->types;
  const PlanPtr reached = get_local(reach, types, {true, true});
  const PlanPtr step =
      project(join({reached, edge}, {{column(1, TypeId::int4), column(2, TypeId::int4)}}), {0, 3});
  return let(outside, std::move(input),
             let_rec({.ids = {reach},
                      .values = {distinct(union_all({edge, step}))},
                      .types = {types},
                      .body = get_local(reach, types, {true, true})}));
}

PlanPtr RandomPlan::plan(int depth) {
  if (depth <= 0) return leaf();
  if (wide_ && below(3) == 0) {
    const PlanPtr input = plan(depth - 1);
    if (input->types.empty()) return input;
    const std::size_t kind = below(7);
    return kind < 3 ? window_of(input) : kind < 6 ? flat_map_of(input) : closure_of(input);
  }
  switch (below(9)) {
    case 0:
      return leaf();
    case 1:
    case 2:
      return map_filter(plan(depth - 1));
    case 3:
    case 4:
      return join_of(depth);
    case 5:
    case 6:
      return reduce_of(plan(depth - 1));
    case 7:
      return top_k_of(plan(depth - 1));
    default: {
      // EXCEPT ALL of a relation and a part of it, shared by a Let.
      const LocalId id{next_local_++};
      const PlanPtr value = plan(depth - 1);
      const PlanPtr get = get_local(id, value->types, value->nullable);
      plan::TopK some{.input = get, .limit = 2};
      PlanPtr other = below(2) ? top_k(std::move(some)) : union_all({get, get});
      PlanPtr body = union_all({get, negate(std::move(other))});
      return let(id, value, below(2) ? threshold(body) : distinct(threshold(body)));
    }
  }
}

}  // namespace tailrace::engine::test
