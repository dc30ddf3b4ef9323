// The operators of one plan, connected: what a dataflow runs step by step.
//
// Changes of collections go in by `sources`, and come out at the sink, which is an operator of the
// caller. One thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/dataflow/operators/operators.hpp"

namespace tailrace::engine {

class Graph {
 public:
  // Columns of a collection that the plan uses, and where they go in.
  struct Source {
    storage::CollectionId collection;
    std::vector<int> columns;
    Operator* entry = nullptr;
    bool wanted_in_bulk() const { return entry->output_wants_bulk(); }
  };
  // An arrangement of a whole collection by this key that is kept elsewhere; null: there is none.
  using FindShared = std::function<std::shared_ptr<SharedArrangement>(
      storage::CollectionId, const std::vector<ScalarPtr>& key)>;

  // Throws `unsupported` for what cannot be maintained. The sink gets rows at port 0.
  Graph(const PlanPtr& plan, const FindShared& find_shared, OperatorPtr sink);

  // In the order in which a bulk step should feed them: what a join only looks up comes first.
  const std::vector<Source>& sources() const { return sources_; }

  // A step: begin, then pushes into the sources, then flush.
  void begin(const Step& step);
  void flush();

  Timestamp next_due() const;
  std::size_t memory_bytes() const;
  std::size_t arranged_rows() const;

 private:
  friend class Renderer;
  Step step_;
  std::vector<OperatorPtr> operators_;  // inputs before outputs
  std::vector<Source> sources_;
};

}  // namespace tailrace::engine
