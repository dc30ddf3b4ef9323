// Picking groups and rows out of batches.
#pragma once

#include <span>
#include <vector>

#include "repr/batch.hpp"

namespace tailrace::engine {

// One row for each group (by SQL equality of `columns`) that occurs in the batch.
Batch distinct_groups(const Batch& rows, std::span<const int> columns);

// Rows picked from few batches with diffs of their own, a batch made of each batch's picks.
class RunCollector {
 public:
  void add(const Batch& batch, std::size_t row, Diff diff) {
    if (batch_ != &batch) close();
    batch_ = &batch;
    rows_.push_back(static_cast<std::uint32_t>(row));
    diffs_.push_back(diff);
  }
  std::vector<Batch> take() {
    close();
    return std::move(done_);
  }

 private:
  void close();
  const Batch* batch_ = nullptr;
  std::vector<std::uint32_t> rows_;
  std::vector<Diff> diffs_;
  std::vector<Batch> done_;
};

}  // namespace tailrace::engine
