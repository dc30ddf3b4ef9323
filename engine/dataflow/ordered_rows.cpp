#include "engine/dataflow/ordered_rows.hpp"

#include <algorithm>
#include <numeric>

namespace tailrace::engine {

namespace {
constexpr std::size_t leaf_rows_max = 256;
constexpr std::size_t leaf_rows_new = 160;  // room to grow
}  // namespace

OrderedRows::Compare by_keys(std::vector<OrderKey> keys) {
  return [keys = std::move(keys)](const Batch& a, std::size_t row_a, const Batch& b,
                                  std::size_t row_b) {
    return compare_ordered(a, row_a, b, row_b, keys);
  };
}

int OrderedRows::compare(const Batch& a, std::size_t row_a, std::uint64_t hash_a, const Batch& b,
                         std::size_t row_b, std::uint64_t hash_b) const {
  if (hash_a != hash_b) return hash_a < hash_b ? -1 : 1;
  if (!group_.empty()) {
    if (const int order = compare_rows(a, row_a, group_, b, row_b, group_, Equality::sql))
      return order;
  }
  if (const int order = order_(a, row_a, b, row_b)) return order;
  return compare_rows(a, row_a, {}, b, row_b, {}, Equality::identity);
}

int OrderedRows::compare_group(const Leaf& leaf, std::size_t row, std::uint64_t hash,
                               const Batch& probe, std::span<const int> columns) const {
  if (leaf.hashes[row] != hash) return leaf.hashes[row] < hash ? -1 : 1;
  if (group_.empty()) return 0;
  return compare_rows(leaf.rows, row, group_, probe, 0, columns, Equality::sql);
}

// The first leaf that can hold rows of the group: the last whose first row lies before the group.
std::size_t OrderedRows::leaf_of_group(std::uint64_t hash, const Batch& probe,
                                       std::span<const int> columns) const {
  const auto place = std::partition_point(leaves_.begin(), leaves_.end(), [&](const LeafPtr& leaf) {
    return compare_group(*leaf, 0, hash, probe, columns) < 0;
  });
  const auto index = static_cast<std::size_t>(place - leaves_.begin());
  if (index == 0) return 0;
  const Leaf& before = *leaves_[index - 1];
  // It may end before the group begins.
  return compare_group(before, before.rows.rows - 1, hash, probe, columns) < 0 ? index : index - 1;
}

std::size_t OrderedRows::first_of_group(const Leaf& leaf, std::uint64_t hash, const Batch& probe,
                                        std::span<const int> columns) const {
  std::size_t low = 0, high = leaf.rows.rows;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (compare_group(leaf, middle, hash, probe, columns) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

void OrderedRows::cut(const Batch& rows, const std::vector<std::uint64_t>& hashes,
                      std::vector<LeafPtr>& out) {
  for (std::size_t first = 0; first < rows.rows;) {
    const std::size_t left = rows.rows - first;
    const std::size_t count = left <= leaf_rows_max ? left : std::min(leaf_rows_new, left);
    auto leaf = std::make_unique<Leaf>();
    leaf->rows = count == rows.rows ? rows : slice(rows, first, count);
    leaf->rows.times = PerRow<Timestamp>::uniform(0);
    leaf->hashes.assign(hashes.begin() + static_cast<std::ptrdiff_t>(first),
                        hashes.begin() + static_cast<std::ptrdiff_t>(first + count));
    leaf->bytes =
        sizeof(Leaf) + leaf->rows.memory_bytes() + leaf->hashes.capacity() * sizeof(std::uint64_t);
    rows_ += count;
    bytes_ += leaf->bytes;
    out.push_back(std::move(leaf));
    first += count;
  }
}

void OrderedRows::forget(const Leaf& leaf) {
  rows_ -= leaf.rows.rows;
  bytes_ -= leaf.bytes;
}

void OrderedRows::rebuild(const Batch& more) {
  std::vector<Batch> all;
  for (const LeafPtr& leaf : leaves_) {
    forget(*leaf);
    all.push_back(std::move(leaf->rows));
  }
  leaves_.clear();
  all.push_back(more);
  const Batch rows = all.size() == 1 ? all[0] : concatenate(all);
  all.clear();
  std::vector<std::uint64_t> hashes;
  hash_rows(rows, group_, Equality::sql, hashes);
  std::vector<std::uint32_t> order(rows.rows);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return compare(rows, a, hashes[a], rows, b, hashes[b]) < 0;
  });
  std::vector<std::uint32_t> kept;
  std::vector<Diff> diffs;
  std::vector<std::uint64_t> kept_hashes;
  for (std::size_t i = 0; i < order.size();) {
    Diff diff = 0;
    std::size_t j = i;
    while (j < order.size() && (j == i || compare(rows, order[i], hashes[order[i]], rows, order[j],
                                                  hashes[order[j]]) == 0)) {
      diff += rows.diffs[order[j++]];
    }
    if (diff != 0) {
      kept.push_back(order[i]);
      diffs.push_back(diff);
      kept_hashes.push_back(hashes[order[i]]);
    }
    i = j;
  }
  Batch sorted = gather(rows, kept);
  sorted.diffs = PerRow<Diff>::each(std::move(diffs));
  cut(sorted, kept_hashes, leaves_);
}

void OrderedRows::update(const Batch& given) {
  if (given.empty()) return;
  if (leaves_.empty() || given.rows * 4 > rows_) return rebuild(given);
  // 1. Sort the changes.
  std::vector<std::uint64_t> hashes;
  hash_rows(given, group_, Equality::sql, hashes);
  std::vector<std::uint32_t> order(given.rows);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return compare(given, a, hashes[a], given, b, hashes[b]) < 0;
  });
  // 2. Leaf by leaf, merge those that fall into it.
  std::vector<std::pair<std::size_t, std::vector<LeafPtr>>> replaced;
  for (std::size_t i = 0; i < order.size();) {
    const auto place =
        std::partition_point(leaves_.begin(), leaves_.end(), [&](const LeafPtr& leaf) {
          return compare(leaf->rows, 0, leaf->hashes[0], given, order[i], hashes[order[i]]) <= 0;
        });
    const std::size_t index =
        place == leaves_.begin() ? 0 : static_cast<std::size_t>(place - leaves_.begin()) - 1;
    const Leaf& leaf = *leaves_[index];
    std::size_t end = i + 1;
    while (end < order.size() &&
           (index + 1 == leaves_.size() ||
            compare(given, order[end], hashes[order[end]], leaves_[index + 1]->rows, 0,
                    leaves_[index + 1]->hashes[0]) < 0)) {
      ++end;
    }
    const Batch changes = gather(given, std::span(order).subspan(i, end - i));
    const std::size_t old_rows = leaf.rows.rows;
    const Batch both = concatenate(std::vector<Batch>{leaf.rows, changes});
    const auto hash_at = [&](std::size_t row) {
      return row < old_rows ? leaf.hashes[row] : hashes[order[i + row - old_rows]];
    };
    std::vector<std::uint32_t> kept;
    std::vector<Diff> diffs;
    std::vector<std::uint64_t> kept_hashes;
    std::size_t a = 0, b = old_rows;
    while (a < old_rows || b < both.rows) {
      int which = a == old_rows    ? 1
                  : b == both.rows ? -1
                                   : compare(both, a, hash_at(a), both, b, hash_at(b));
      const std::size_t row = which <= 0 ? a : b;
      Diff diff = 0;
      if (which <= 0) diff += both.diffs[a++];
      if (which >= 0) {
        const std::size_t first = b;
        do {
          diff += both.diffs[b++];
        } while (b < both.rows && compare(both, first, hash_at(first), both, b, hash_at(b)) == 0);
      }
      if (diff == 0) continue;
      kept.push_back(static_cast<std::uint32_t>(row));
      diffs.push_back(diff);
      kept_hashes.push_back(hash_at(row));
    }
    std::vector<LeafPtr> leaves;
    if (!kept.empty()) {
      Batch merged = gather(both, kept);
      merged.diffs = PerRow<Diff>::each(std::move(diffs));
      cut(merged, kept_hashes, leaves);
    }
    forget(leaf);
    replaced.emplace_back(index, std::move(leaves));
    i = end;
  }
  // 3. Put the new leaves in place.
  const bool same_count = std::all_of(replaced.begin(), replaced.end(),
                                      [](const auto& entry) { return entry.second.size() == 1; });
  if (same_count) {
    for (auto& [index, leaves] : replaced) leaves_[index] = std::move(leaves[0]);
    return;
  }
  std::vector<LeafPtr> all;
  all.reserve(leaves_.size() + replaced.size());
  std::size_t next = 0;
  for (auto& [index, leaves] : replaced) {
    while (next < index) all.push_back(std::move(leaves_[next++]));
    for (LeafPtr& leaf : leaves) all.push_back(std::move(leaf));
    ++next;
  }
  while (next < leaves_.size()) all.push_back(std::move(leaves_[next++]));
  leaves_ = std::move(all);
}

void OrderedRows::update_later(Batch rows) {
  if (rows.empty()) return;
  bytes_ += rows.memory_bytes();
  later_.push_back(std::move(rows));
}

void OrderedRows::settle() {
  if (later_.empty()) return;
  for (const Batch& batch : later_) bytes_ -= batch.memory_bytes();
  const Batch all = later_.size() == 1 ? later_[0] : concatenate(later_);
  later_.clear();
  update(all);
}

}  // namespace tailrace::engine
