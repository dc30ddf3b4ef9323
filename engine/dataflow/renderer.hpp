// Turns a plan into operators, inputs before outputs.
#pragma once

#include <map>
#include <unordered_map>

#include "engine/dataflow/graph.hpp"

namespace tailrace::engine {

class Renderer {
 public:
  Renderer(Graph& graph, const Graph::FindShared& find_shared)
      : graph_(graph), find_shared_(find_shared) {}

  // The operator whose output is the plan's.
  Operator& render(const PlanPtr& plan);

 private:
  Operator& add(OperatorPtr op);
  Operator& add(OperatorPtr op, const PlanPtr& input);  // with one input, at port 0
  Operator& source(storage::CollectionId collection, std::vector<int> columns);
  Operator& map_filter_project(const plan::MapFilterProject& node);
  Operator& join(const plan::Join& node);
  Operator& recompute(const PlanPtr& plan);

  Graph& graph_;
  const Graph::FindShared& find_shared_;
  std::map<std::pair<storage::CollectionId, std::vector<int>>, Operator*> sources_;
  std::unordered_map<LocalId, Operator*> locals_;
};

}  // namespace tailrace::engine
