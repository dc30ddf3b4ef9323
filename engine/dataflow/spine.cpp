#include "engine/dataflow/spine.hpp"

#include <algorithm>

namespace tailrace::engine {

namespace {
constexpr std::size_t merge_at_once_rows = 256;  // cheaper done than kept track of
constexpr std::size_t run_bytes_max = std::size_t(1)
                                      << 30;  // a column's heap must stay below 4 GiB
constexpr std::size_t fuel_per_row = 8;       // each level needs 2; the rest makes merges end early
constexpr std::size_t runs_max = 48;
}  // namespace

void Spine::settle_run(BatchHandle run) {
  if (!run) return;
  rows_ += run->size();
  bytes_ += run->memory_bytes();
  const auto place =
      std::lower_bound(settled_.begin(), settled_.end(), run,
                       [](const auto& a, const auto& b) { return a->size() < b->size(); });
  settled_.insert(place, std::move(run));
}

void Spine::remove(const ArrangedBatch& run) {
  rows_ -= run.size();
  bytes_ -= run.memory_bytes();
}

void Spine::append(BatchHandle batch) {
  if (!batch) return;
  const std::size_t fuel = batch->size() * fuel_per_row;
  settle_run(std::move(batch));
  start_merges();
  for (std::size_t i = 0; i < merges_.size();) {
    const bool too_many = settled_.size() + 2 * merges_.size() > runs_max;
    if (!merges_[i].merge.work(too_many ? ~std::size_t(0) : fuel)) {
      ++i;
      continue;
    }
    Merging done = std::move(merges_[i]);
    merges_.erase(merges_.begin() + static_cast<std::ptrdiff_t>(i));
    remove(*done.a);
    remove(*done.b);
    settle_run(done.merge.finish());
    start_merges();
  }
}

void Spine::start_merges() {
  for (std::size_t i = 0; i + 1 < settled_.size();) {
    const BatchHandle a = settled_[i], b = settled_[i + 1];
    if (b->size() > 2 * a->size() || a->memory_bytes() + b->memory_bytes() > run_bytes_max) {
      ++i;
      continue;
    }
    settled_.erase(settled_.begin() + static_cast<std::ptrdiff_t>(i),
                   settled_.begin() + static_cast<std::ptrdiff_t>(i) + 2);
    BatchMerge merge(a, b, key_, since_);
    if (a->size() + b->size() <= merge_at_once_rows) {
      merge.work(~std::size_t(0));
      remove(*a);
      remove(*b);
      settle_run(merge.finish());
      i = 0;
    } else {
      merges_.push_back({a, b, std::move(merge)});
    }
  }
}

void Spine::append_bulk(Batch rows) {
  if (rows.empty()) return;
  bytes_ += rows.memory_bytes();
  bulk_.push_back(std::move(rows));
}

void Spine::settle() {
  for (std::size_t first = 0; first < bulk_.size();) {
    // As many at once as make one run.
    std::size_t last = first, bytes = 0;
    while (last < bulk_.size() &&
           (last == first || bytes + bulk_[last].memory_bytes() <= run_bytes_max)) {
      bytes += bulk_[last++].memory_bytes();
    }
    const Batch all = last - first == 1
                          ? std::move(bulk_[first])
                          : concatenate(std::span(bulk_).subspan(first, last - first));
    for (std::size_t i = first; i < last; ++i) bulk_[i] = Batch();
    bytes_ -= bytes;
    settle_run(arrange(all, key_, since_));
    first = last;
  }
  bulk_.clear();
  start_merges();
}

std::vector<BatchHandle> Spine::runs() const {
  std::vector<BatchHandle> runs = settled_;
  for (const Merging& merging : merges_) {
    runs.push_back(merging.a);
    runs.push_back(merging.b);
  }
  return runs;
}

}  // namespace tailrace::engine
