// The rows of results that are in memory already.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "engine/coordinator/session.hpp"
#include "repr/memory_budget.hpp"

namespace tailrace::engine {

// Batches in order, each diff 1; keeps its charge on the memory budget until it is gone.
class BatchesSource final : public RowSource {
 public:
  BatchesSource(Schema schema, std::deque<Batch> batches,
                std::optional<MemoryCharge> charge = std::nullopt);

  const Schema& schema() const override { return schema_; }
  std::optional<Batch> next(std::size_t rows_max) override;

 private:
  Schema schema_;
  std::deque<Batch> batches_;
  std::optional<MemoryCharge> charge_;
};

// One row of text, as SHOW gives it.
std::unique_ptr<RowSource> one_text_row(std::string column, std::string value);
std::unique_ptr<RowSource> text_rows(std::vector<std::string> columns,
                                     const std::vector<std::vector<std::string>>& rows);

// Every row as often as its diff says. Negative diffs are an error in the data (SqlError XX000 of the dialect's text).
Batch expand_diffs(const Batch& batch);

}  // namespace tailrace::engine
