// A growing bag of sorted runs with one key, merged geometrically: the store of an arrangement's
// partition.
//
// Runs have no order among themselves: updates commute. Runs of similar size are merged, a bounded
// number of rows for each row appended, so that there are O(log n) runs and no append pays for a
// large merge. One writer; runs taken by a reader stay as they are.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/dataflow/arranged_batch.hpp"

namespace tailrace::engine {

class Spine {
 public:
  explicit Spine(std::vector<int> key) : key_(std::move(key)) {}

  void append(BatchHandle batch);
  // Rows that nobody has looked at yet, sorted in one go by the next `settle`: the bulk path.
  void append_bulk(Batch rows);
  void settle();
  // Merges may move times before `since` to it from now on.
  void advance_since(Timestamp since) { since_ = since; }

  bool empty() const { return settled_.empty() && merges_.empty() && bulk_.empty(); }
  // Everything settled, in no order.
  std::vector<BatchHandle> runs() const;
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const BatchHandle& run : settled_) visit(*run);
    for (const Merging& merging : merges_) visit(*merging.a), visit(*merging.b);
  }
  std::size_t rows() const { return rows_; }
  std::size_t memory_bytes() const { return bytes_; }

 private:
  struct Merging {
    BatchHandle a, b;
    BatchMerge merge;
  };
  void start_merges();
  void settle_run(BatchHandle run);
  void remove(const ArrangedBatch& run);

  std::vector<int> key_;
  Timestamp since_ = 0;
  std::vector<BatchHandle> settled_;  // ascending by size
  std::vector<Merging> merges_;
  std::vector<Batch> bulk_;
  std::size_t rows_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace tailrace::engine
