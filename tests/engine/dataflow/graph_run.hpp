// Runs a plan's graph by hand: histories of collections in, accumulated output out.
#pragma once

#include <map>
#include <vector>

#include "engine/cluster/sink.hpp"
#include "engine/dataflow/graph.hpp"

namespace tailrace::engine::test {

using Histories = std::map<storage::CollectionId, Batch>;  // updates with their times

class GraphRun {
 public:
  explicit GraphRun(const PlanPtr& plan, const Graph::FindShared& find_shared = no_shared);

  void hydrate(const Histories& histories, Timestamp as_of, std::size_t piece_rows = 1000);
  // Everything with times in [what came before, upper).
  void step_to(Timestamp upper, const Histories& histories);

  // The output at a time before the last step's upper, consolidated.
  Batch rows_at(Timestamp time) const;
  bool has_errors_at(Timestamp time) const;
  const Graph& graph() const { return *graph_; }
  std::size_t updates() const;  // of the output so far

  static std::shared_ptr<SharedArrangement> no_shared(storage::CollectionId,
                                                      const std::vector<ScalarPtr>&) {
    return nullptr;
  }

 private:
  void take(Timestamp upper);

  Collector* collector_ = nullptr;
  std::unique_ptr<Graph> graph_;
  Timestamp lower_ = 0;
  std::vector<Batch> rows_, errors_;
};

// The updates with first <= time < last.
Batch between(const Batch& history, Timestamp first, Timestamp last);

}  // namespace tailrace::engine::test
