// The relational algebra: one plan, run once over snapshots or maintained as a dataflow.
//
// A plan is an immutable tree of multisets (a row with a count) with errors beside. Every node knows the types of
// its columns. Rows have no order but in TopK and in a Finishing. Node semantics, in both ways of running:
// docs/architecture.md; "SQL equality" and "smallest by identity represents a group" as in repr/order.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/plan/scalar.hpp"
#include "repr/batch.hpp"
#include "repr/order.hpp"
#include "storage/collection_id.hpp"

namespace tailrace::engine {

struct AggregateFunction;  // functions/aggregate.hpp
struct TableFunction;      // functions/table_function.hpp
struct WindowFunction;     // functions/window.hpp
struct Plan;
using PlanPtr = std::shared_ptr<const Plan>;

// Names a Let or LetRec binding within one plan. Unique in the plan.
using LocalId = Id<struct LocalTag, std::uint32_t>;

namespace plan {

// A collection of the store (table, subsource, materialized view, builtin relation), whole.
struct GetCollection {
  storage::CollectionId collection;
  std::string name;  // for EXPLAIN and errors, as in "materialize.public.orders"
};
struct GetLocal {
  LocalId id;
};
// Rows with diffs (times ignored), or an error instead of any row.
struct Constant {
  BatchPtr rows;
  std::optional<DataError> error;
};
// Map, filter, project, fused: appends `maps` (each sees the input's columns and the maps before it), keeps rows where
// every predicate is true (they see all of these), then gives `projection` of them.
struct MapFilterProject {
  PlanPtr input;
  std::vector<ScalarPtr> maps;
  std::vector<ScalarPtr> predicates;  // free of mz_now
  std::vector<int> projection;
  // The row exists at times t with  t >= each of valid_from  and  t < each of valid_until  (mz_timestamp scalars over
  // input and maps; NULL: the row exists never). What remains of predicates on mz_now().
  std::vector<ScalarPtr> valid_from;
  std::vector<ScalarPtr> valid_until;
};
// For each row the rows of a table function: input columns, then the function's. `ordinality` adds an int8 from 1.
struct FlatMap {
  PlanPtr input;
  const TableFunction* function = nullptr;
  std::vector<ScalarPtr> arguments;
  bool ordinality = false;
};
// Inner join of n inputs; columns are the inputs' side by side. In each class all scalars (over those columns, each
// over columns of one input only) are equal in SQL's sense, NULL equal to nothing. No class: cross product.
struct Join {
  std::vector<PlanPtr> inputs;
  std::vector<std::vector<ScalarPtr>> equivalences;
};
struct Aggregate {
  const AggregateFunction* function = nullptr;
  std::vector<ScalarPtr> arguments;  // none: count(*)
  bool distinct = false;
  ScalarPtr filter;  // null: all rows
  struct Order {
    ScalarPtr key;
    bool descending = false;
    bool nulls_first = false;
  };
  std::vector<Order> order_by;
  Type type;
  bool nullable = true;
};
// One row per group that occurs: key values, then aggregates. No aggregates: DISTINCT. No key: one group, which
// does not occur in an empty input (the binder adds the default row for global aggregates by Union).
struct Reduce {
  PlanPtr input;
  std::vector<ScalarPtr> group_key;
  std::vector<Aggregate> aggregates;
  std::uint64_t expected_group_size = 0;  // hint; 0: none
};
// Per group of `group_key` columns the rows [offset, offset + limit) in `order_by`; ties by identity of the whole row.
struct TopK {
  PlanPtr input;
  std::vector<int> group_key;
  std::vector<OrderKey> order_by;
  std::optional<std::uint64_t> limit;
  std::uint64_t offset = 0;
  std::uint64_t expected_group_size = 0;
};
struct Negate {
  PlanPtr input;
};
// Keeps of each row (by identity) the positive multiplicity, drops negative ones.
struct Threshold {
  PlanPtr input;
};
struct Union {
  std::vector<PlanPtr> inputs;  // at least one; same types
};
// The input, with a wish: keep it arranged by this key (scalars over its columns).
struct ArrangeBy {
  PlanPtr input;
  std::vector<std::vector<ScalarPtr>> keys;
};
// Input columns, then one column per function, computed over partition and order; a change recomputes its partition.
struct Window {
  PlanPtr input;
  std::vector<int> partition_by;
  std::vector<OrderKey> order_by;
  struct Frame {
    enum class Unit : std::uint8_t { rows, range, groups } unit = Unit::range;
    enum class Bound : std::uint8_t { unbounded_preceding, preceding, current_row, following, unbounded_following };
    Bound start = Bound::unbounded_preceding;
    Bound end = Bound::current_row;
    std::uint64_t start_offset = 0;
    std::uint64_t end_offset = 0;
  };
  struct Expression {
    const WindowFunction* function = nullptr;      // one of the two
    const AggregateFunction* aggregate = nullptr;
    std::vector<ScalarPtr> arguments;
    Frame frame;
    bool ignore_nulls = false;
    Type type;
  };
  std::vector<Expression> expressions;
};
struct Let {
  LocalId id;
  PlanPtr value;
  PlanPtr body;
};
// WITH MUTUALLY RECURSIVE: all values see all ids; iterated to the fixpoint.
struct LetRec {
  std::vector<LocalId> ids;
  std::vector<PlanPtr> values;
  std::vector<std::vector<Type>> types;
  std::optional<std::uint64_t> limit;
  bool return_at_limit = false;  // else: an error
  PlanPtr body;
};

}  // namespace plan

struct Plan {
  using Node = std::variant<plan::GetCollection, plan::GetLocal, plan::Constant, plan::MapFilterProject, plan::FlatMap,
                            plan::Join, plan::Reduce, plan::TopK, plan::Negate, plan::Threshold, plan::Union,
                            plan::ArrangeBy, plan::Window, plan::Let, plan::LetRec>;
  std::vector<Type> types;
  std::vector<bool> nullable;  // per column; true where unknown
  Node node;
};

// Builders: compute the types of the node.
PlanPtr get_collection(storage::CollectionId id, std::string name, std::vector<Type> types,
                       std::vector<bool> nullable);
PlanPtr get_local(LocalId id, std::vector<Type> types, std::vector<bool> nullable);
PlanPtr constant(Batch rows, std::vector<Type> types);
PlanPtr constant_error(DataError error, std::vector<Type> types);
PlanPtr map_filter_project(plan::MapFilterProject node);
PlanPtr map(PlanPtr input, std::vector<ScalarPtr> maps);            // keeps all columns
PlanPtr filter(PlanPtr input, std::vector<ScalarPtr> predicates);   // predicates without mz_now
PlanPtr project(PlanPtr input, std::vector<int> projection);
PlanPtr flat_map(plan::FlatMap node);
PlanPtr join(std::vector<PlanPtr> inputs, std::vector<std::vector<ScalarPtr>> equivalences);
PlanPtr reduce(plan::Reduce node);
PlanPtr distinct(PlanPtr input);
PlanPtr top_k(plan::TopK node);
PlanPtr negate(PlanPtr input);
PlanPtr threshold(PlanPtr input);
PlanPtr union_all(std::vector<PlanPtr> inputs);
PlanPtr arrange_by(PlanPtr input, std::vector<std::vector<ScalarPtr>> keys);
PlanPtr window(plan::Window node);
PlanPtr let(LocalId id, PlanPtr value, PlanPtr body);
PlanPtr let_rec(plan::LetRec node);

std::vector<PlanPtr> children(const Plan& plan);
// The same node over other inputs, types recomputed.
PlanPtr with_children(const Plan& plan, std::vector<PlanPtr> children);

// What is done with the rows of a SELECT at the very end, outside any dataflow.
struct Finishing {
  std::vector<OrderKey> order_by;
  std::optional<std::uint64_t> limit;
  std::uint64_t offset = 0;
  std::vector<int> projection;  // of the plan's columns
};

// The collections that the plan reads, each once, in order of first use.
std::vector<storage::CollectionId> inputs_of(const PlanPtr& plan);

}  // namespace tailrace::engine
