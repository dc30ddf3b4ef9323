// The operators of a dataflow: one factory each. The law that makes each incremental stands at the
// top of its file.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "engine/dataflow/join_chain.hpp"
#include "engine/dataflow/operator.hpp"
#include "engine/plan/plan.hpp"

namespace tailrace::engine {

class SharedArrangement;  // engine/dataflow/shared_arrangement.hpp

using OperatorPtr = std::unique_ptr<Operator>;

OperatorPtr make_pass();  // of any number of ports: sources, UNION ALL
OperatorPtr make_negate();
OperatorPtr make_constant(const plan::Constant& node);
OperatorPtr make_map_filter_project(plan::MapFilterProject node);
OperatorPtr make_flat_map(const plan::FlatMap& node, std::vector<Type> input_types);
OperatorPtr make_reduce(const plan::Reduce& node, std::vector<Type> input_types);
OperatorPtr make_top_k(const plan::TopK& node);
OperatorPtr make_threshold(std::vector<Type> types);
OperatorPtr make_window(const plan::Window& node);

// One step of a join's chain: the rows of both sides with equal keys, left columns then right
// columns.
struct JoinSide {
  std::vector<ScalarPtr> key;  // over the side's columns
  std::size_t width = 0;
  // An arrangement of this very side by this very key that somebody else maintains, complete to
  // each step's lower; null: the operator keeps its own.
  std::shared_ptr<SharedArrangement> shared;
};
OperatorPtr make_equal_columns(const std::vector<EqualPair>& pairs);
OperatorPtr make_join(JoinSide left, JoinSide right);

// A plan that cannot be maintained piecewise: recomputed, at each time at which an input changes,
// by `run_once`, and compared with what it was. Port i is the collection inputs[i] of the plan, of
// types[i].
OperatorPtr make_recompute(PlanPtr plan, std::vector<storage::CollectionId> inputs,
                           std::vector<std::vector<Type>> types);

}  // namespace tailrace::engine
