#include "tests/engine/dataflow/graph_run.hpp"

#include <doctest/doctest.h>

#include "repr/order.hpp"

namespace tailrace::engine::test {

Batch between(const Batch& history, Timestamp first, Timestamp last) {
  std::vector<std::uint32_t> kept;
  for (std::uint32_t row = 0; row < history.rows; ++row) {
    if (history.times[row] >= first && history.times[row] < last) kept.push_back(row);
  }
  return gather(history, kept);
}

GraphRun::GraphRun(const PlanPtr& plan, const Graph::FindShared& find_shared) {
  auto collector = std::make_unique<Collector>();
  collector_ = collector.get();
  graph_ = std::make_unique<Graph>(plan, find_shared, std::move(collector));
}

void GraphRun::hydrate(const Histories& histories, Timestamp as_of, std::size_t piece_rows) {
  graph_->begin({.lower = 0, .upper = as_of + 1, .bulk = true});
  for (const Graph::Source& source : graph_->sources()) {
    if (!source.wanted_in_bulk()) continue;
    const Batch rows =
        between(histories.at(source.collection), 0, as_of + 1).project(source.columns);
    for (std::size_t first = 0; first < rows.rows; first += piece_rows) {
      source.entry->push(
          0, slice(rows, first, std::min(piece_rows, rows.rows - first)).with_time(as_of));
    }
  }
  graph_->flush();
  take(as_of + 1);
}

void GraphRun::step_to(Timestamp upper, const Histories& histories) {
  graph_->begin({.lower = lower_, .upper = upper});
  for (const Graph::Source& source : graph_->sources()) {
    const Batch rows =
        between(histories.at(source.collection), lower_, upper).project(source.columns);
    if (!rows.empty()) source.entry->push(0, rows);
  }
  graph_->flush();
  take(upper);
}

void GraphRun::take(Timestamp upper) {
  StepChanges changes = collector_->take(lower_, upper);
  for (Batch& batch : changes.rows) {
    for (std::size_t row = 0; row < batch.rows; ++row) {
      REQUIRE(batch.times[row] >= lower_);
      REQUIRE(batch.times[row] < upper);
    }
    rows_.push_back(std::move(batch));
  }
  for (Batch& batch : changes.errors) errors_.push_back(std::move(batch));
  lower_ = upper;
}

Batch GraphRun::rows_at(Timestamp time) const {
  std::vector<Batch> rows;
  for (const Batch& batch : rows_) rows.push_back(between(batch, 0, time + 1).with_time(0));
  return rows.empty() ? Batch() : consolidate(concatenate(rows));
}

bool GraphRun::has_errors_at(Timestamp time) const {
  std::vector<Batch> errors;
  for (const Batch& batch : errors_) errors.push_back(between(batch, 0, time + 1).with_time(0));
  return !errors.empty() && !consolidate(concatenate(errors)).empty();
}

std::size_t GraphRun::updates() const {
  std::size_t updates = 0;
  for (const Batch& batch : rows_) updates += batch.rows;
  return updates;
}

}  // namespace tailrace::engine::test
