#include "engine/dataflow/arranged_batch.hpp"

#include <algorithm>
#include <numeric>

namespace tailrace::engine {

namespace {

// Whether neighbours with one hash have different keys somewhere.
bool has_collision(const Batch& rows, std::span<const std::uint64_t> hashes,
                   std::span<const int> key) {
  if (key.empty()) return false;
  for (std::size_t i = 1; i < hashes.size(); ++i) {
    if (hashes[i] == hashes[i - 1] && !equal_rows(rows, i, key, rows, i - 1, key, Equality::sql))
      return true;
  }
  return false;
}

// Sums neighbours that are the same update.
class Consolidator {
 public:
  Consolidator(std::vector<std::uint32_t>& rows, std::vector<std::uint64_t>& hashes,
               std::vector<Timestamp>& times, std::vector<Diff>& diffs)
      : rows_(rows), hashes_(hashes), times_(times), diffs_(diffs) {}

  template <class SameRow>
  void add(std::uint32_t row, std::uint64_t hash, Timestamp time, Diff diff,
           SameRow&& same_row_as) {
    if (open_ && time == time_ && same_row_as(row_)) {
      diff_ += diff;
      return;
    }
    close();
    open_ = true;
    row_ = row, hash_ = hash, time_ = time, diff_ = diff;
  }
  void close() {
    if (open_ && diff_ != 0) {
      rows_.push_back(row_);
      hashes_.push_back(hash_);
      times_.push_back(time_);
      diffs_.push_back(diff_);
    }
    open_ = false;
  }

 private:
  std::vector<std::uint32_t>& rows_;
  std::vector<std::uint64_t>& hashes_;
  std::vector<Timestamp>& times_;
  std::vector<Diff>& diffs_;
  bool open_ = false;
  std::uint32_t row_ = 0;
  std::uint64_t hash_ = 0;
  Timestamp time_ = 0;
  Diff diff_ = 0;
};

}  // namespace

std::vector<int> all_columns(std::size_t width) {
  std::vector<int> columns(width);
  std::iota(columns.begin(), columns.end(), 0);
  return columns;
}

std::size_t ArrangedBatch::memory_bytes() const {
  return rows.memory_bytes() + hashes.capacity() * sizeof(std::uint64_t);
}

std::size_t ArrangedBatch::lower_bound(std::uint64_t hash, std::size_t from) const {
  const std::size_t n = hashes.size();
  if (from >= n || hashes[from] >= hash) return from;
  if (hashes.back() < hash) return n;
  // Hashes are uniform: guess by proportion, then widen around the guess.
  const std::uint64_t low_hash = hashes[from];
  const std::uint64_t range = hashes.back() - low_hash;
  const double share =
      range == 0 ? 0.0 : static_cast<double>(hash - low_hash) / static_cast<double>(range);
  std::size_t guess = from + static_cast<std::size_t>(share * static_cast<double>(n - 1 - from));
  guess = std::min(guess, n - 1);
  std::size_t low = from, high = n - 1;  // hashes[low] < hash <= hashes[high]
  std::size_t stride = 8;
  if (hashes[guess] < hash) {
    low = guess;
    while (low + stride < high && hashes[low + stride] < hash) low += stride, stride *= 2;
    high = std::min(high, low + stride);
  } else {
    high = guess;
    while (high > low + stride && hashes[high - stride] >= hash) high -= stride, stride *= 2;
    if (high > low + stride) low = high - stride;
  }
  const auto first = hashes.begin() + static_cast<std::ptrdiff_t>(low);
  const auto last = hashes.begin() + static_cast<std::ptrdiff_t>(high);
  return static_cast<std::size_t>(std::lower_bound(first, last, hash) - hashes.begin());
}

std::size_t ArrangedBatch::end_of_run(std::size_t first) const {
  const std::uint64_t hash = hashes[first];
  std::size_t low = first, stride = 1;
  while (low + stride < hashes.size() && hashes[low + stride] == hash) low += stride, stride *= 2;
  const std::size_t high = std::min(hashes.size(), low + stride);
  return static_cast<std::size_t>(
      std::upper_bound(hashes.begin() + static_cast<std::ptrdiff_t>(low),
                       hashes.begin() + static_cast<std::ptrdiff_t>(high), hash) -
      hashes.begin());
}

BatchHandle arrange(const Batch& rows, std::span<const int> key, Timestamp advance_to) {
  if (rows.empty()) return nullptr;
  auto result = std::make_shared<ArrangedBatch>();
  std::vector<std::uint64_t> key_hashes, row_hashes;
  hash_rows(rows, key, Equality::sql, key_hashes);
  hash_rows(rows, all_columns(rows.columns.size()), Equality::identity, row_hashes);
  struct Entry {
    std::uint64_t key, row;
    std::uint32_t index;
  };
  std::vector<Entry> entries(rows.rows);
  for (std::uint32_t i = 0; i < rows.rows; ++i) entries[i] = {key_hashes[i], row_hashes[i], i};
  const auto time_of = [&](std::uint32_t row) { return std::max(rows.times[row], advance_to); };
  std::sort(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) {
    if (a.key != b.key) return a.key < b.key;
    if (a.row != b.row) return a.row < b.row;
    if (const int order = compare_rows(rows, a.index, {}, rows, b.index, {}, Equality::identity))
      return order < 0;
    return time_of(a.index) < time_of(b.index);
  });
  std::vector<std::uint32_t> kept;
  std::vector<Timestamp> times;
  std::vector<Diff> diffs;
  kept.reserve(rows.rows);
  result->hashes.reserve(rows.rows);
  Consolidator consolidator(kept, result->hashes, times, diffs);
  for (const Entry& entry : entries) {
    consolidator.add(entry.index, entry.key, time_of(entry.index), rows.diffs[entry.index],
                     [&](std::uint32_t other) {
                       return row_hashes[other] == entry.row &&
                              equal_rows(rows, other, {}, rows, entry.index, {},
                                         Equality::identity);
                     });
  }
  consolidator.close();
  if (kept.empty()) return nullptr;
  result->rows = gather(rows, kept);
  result->rows.times = PerRow<Timestamp>::each(std::move(times));
  result->rows.diffs = PerRow<Diff>::each(std::move(diffs));
  result->keys_collide = has_collision(result->rows, result->hashes, key);
  return result;
}

BatchHandle slice_by_hash(const BatchHandle& batch, std::uint64_t first, std::uint64_t last) {
  const std::size_t begin = batch->lower_bound(first);
  const std::size_t end = last == 0 ? batch->size() : batch->lower_bound(last, begin);
  if (begin == end) return nullptr;
  if (begin == 0 && end == batch->size()) return batch;
  auto part = std::make_shared<ArrangedBatch>();
  part->rows = slice(batch->rows, begin, end - begin);
  part->hashes.assign(batch->hashes.begin() + static_cast<std::ptrdiff_t>(begin),
                      batch->hashes.begin() + static_cast<std::ptrdiff_t>(end));
  part->keys_collide = batch->keys_collide;
  return part;
}

BatchMerge::BatchMerge(BatchHandle a, BatchHandle b, std::span<const int> key, Timestamp advance_to)
    : a_(std::move(a)), b_(std::move(b)), key_(key.begin(), key.end()), advance_to_(advance_to) {
  const std::size_t total = a_->size() + b_->size();
  for (const ColumnPtr& column : a_->rows.columns) columns_.emplace_back(column->type(), total);
  hashes_.reserve(total);
}

bool BatchMerge::work(std::size_t fuel) {
  while (fuel > 0 && (at_a_ < a_->size() || at_b_ < b_->size())) {
    // 1. Cut both runs at one hash, whole runs of a hash together, so that the piece stands alone.
    const std::size_t step = std::min<std::size_t>(fuel, 4096);
    std::size_t end_a = a_->size(), end_b = b_->size();
    std::uint64_t cut = 0;
    bool bounded = false;
    for (const auto& [run, at] : {std::pair(a_.get(), at_a_), std::pair(b_.get(), at_b_)}) {
      if (at + step >= run->size()) continue;
      const std::uint64_t hash = run->hashes[at + step];
      cut = bounded ? std::min(cut, hash) : hash;
      bounded = true;
    }
    if (bounded) {
      end_a = a_->lower_bound(cut, at_a_);
      end_b = b_->lower_bound(cut, at_b_);
      if (end_a == at_a_ && end_b == at_b_) {  // one hash is longer than a step
        if (end_a < a_->size() && a_->hashes[end_a] == cut) end_a = a_->end_of_run(end_a);
        if (end_b < b_->size() && b_->hashes[end_b] == cut) end_b = b_->end_of_run(end_b);
      }
    }
    // 2. Merge the piece.
    const std::size_t used = end_a - at_a_ + end_b - at_b_;
    merge_piece(end_a, end_b);
    at_a_ = end_a, at_b_ = end_b;
    fuel -= std::min(fuel, used);
  }
  return at_a_ == a_->size() && at_b_ == b_->size();
}

void BatchMerge::merge_piece(std::size_t end_a, std::size_t end_b) {
  const std::size_t count_a = end_a - at_a_, count_b = end_b - at_b_;
  std::vector<Batch> sides;
  if (count_a > 0) sides.push_back(slice(a_->rows, at_a_, count_a));
  if (count_b > 0) sides.push_back(slice(b_->rows, at_b_, count_b));
  const Batch both = sides.size() == 1 ? sides[0] : concatenate(sides);
  std::vector<std::uint64_t> row_hashes;
  hash_rows(both, all_columns(both.columns.size()), Equality::identity, row_hashes);
  const auto hash_of = [&](std::size_t row) {
    return row < count_a ? a_->hashes[at_a_ + row] : b_->hashes[at_b_ + row - count_a];
  };
  const auto precedes = [&](std::size_t x, std::size_t y) {
    const std::uint64_t hash_x = hash_of(x), hash_y = hash_of(y);
    if (hash_x != hash_y) return hash_x < hash_y;
    if (row_hashes[x] != row_hashes[y]) return row_hashes[x] < row_hashes[y];
    if (const int order = compare_rows(both, x, {}, both, y, {}, Equality::identity))
      return order < 0;
    return both.times[x] <= both.times[y];
  };
  std::vector<std::uint32_t> kept;
  kept.reserve(both.rows);
  Consolidator consolidator(kept, hashes_, times_, diffs_);
  std::size_t i = 0, j = count_a;
  while (i < count_a || j < both.rows) {
    const bool from_a = j == both.rows || (i < count_a && precedes(i, j));
    const auto row = static_cast<std::uint32_t>(from_a ? i++ : j++);
    consolidator.add(row, hash_of(row), std::max(both.times[row], advance_to_), both.diffs[row],
                     [&](std::uint32_t other) {
                       return row_hashes[other] == row_hashes[row] &&
                              hash_of(other) == hash_of(row) &&
                              equal_rows(both, other, {}, both, row, {}, Equality::identity);
                     });
  }
  consolidator.close();
  for (std::size_t c = 0; c < columns_.size(); ++c)
    columns_[c].append_selected(*both.columns[c], kept);
}

BatchHandle BatchMerge::finish() {
  if (hashes_.empty()) return nullptr;
  auto result = std::make_shared<ArrangedBatch>();
  for (ColumnBuilder& column : columns_) result->rows.columns.push_back(column.finish());
  result->rows.rows = hashes_.size();
  result->rows.times = PerRow<Timestamp>::each(std::move(times_));
  result->rows.diffs = PerRow<Diff>::each(std::move(diffs_));
  result->hashes = std::move(hashes_);
  result->keys_collide =
      a_->keys_collide || b_->keys_collide || has_collision(result->rows, result->hashes, key_);
  return result;
}

}  // namespace tailrace::engine
