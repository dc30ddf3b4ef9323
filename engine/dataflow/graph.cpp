#include "engine/dataflow/graph.hpp"

#include <algorithm>

#include "engine/dataflow/renderer.hpp"

namespace tailrace::engine {

Graph::Graph(const PlanPtr& plan, const FindShared& find_shared, OperatorPtr sink) {
  Renderer renderer(*this, find_shared);
  Operator& result = renderer.render(plan);
  result.connect(*sink, 0);
  operators_.push_back(std::move(sink));
  for (const OperatorPtr& op : operators_) op->set_step(&step_);
  std::reverse(sources_.begin(), sources_.end());
}

void Graph::begin(const Step& step) {
  step_ = step;
  // Outputs first: what an operator gives in its own `begin` (constants, what is due) must find those after it begun.
  for (auto op = operators_.rbegin(); op != operators_.rend(); ++op) (*op)->begin();
}

void Graph::flush() {
  for (const OperatorPtr& op : operators_) op->flush();
}

Timestamp Graph::next_due() const {
  Timestamp next = timestamp_max;
  for (const OperatorPtr& op : operators_) next = std::min(next, op->next_due());
  return next;
}

std::size_t Graph::memory_bytes() const {
  std::size_t bytes = 0;
  for (const OperatorPtr& op : operators_) bytes += op->memory_bytes();
  return bytes;
}

std::size_t Graph::arranged_rows() const {
  std::size_t rows = 0;
  for (const OperatorPtr& op : operators_) rows += op->arranged_rows();
  return rows;
}

}  // namespace tailrace::engine
