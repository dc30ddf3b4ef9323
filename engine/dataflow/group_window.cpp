#include "engine/dataflow/group_window.hpp"

#include <algorithm>
#include <numeric>

#include "repr/order.hpp"

namespace tailrace::engine {

Batch distinct_groups(const Batch& rows, std::span<const int> columns) {
  if (rows.rows <= 1) return rows;
  if (columns.empty()) return slice(rows, 0, 1);
  std::vector<std::uint64_t> hashes;
  hash_rows(rows, columns, Equality::sql, hashes);
  std::vector<std::uint32_t> order(rows.rows);
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return hashes[a] < hashes[b]; });
  std::vector<std::uint32_t> kept;
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    const std::size_t kept_before = kept.size();
    for (; last < order.size() && hashes[order[last]] == hashes[order[first]]; ++last) {
      bool known = false;
      for (std::size_t i = kept_before; i < kept.size() && !known; ++i) {
        known = equal_rows(rows, kept[i], columns, rows, order[last], columns, Equality::sql);
      }
      if (!known) kept.push_back(order[last]);
    }
    first = last;
  }
  return gather(rows, kept);
}

void RunCollector::close() {
  if (rows_.empty()) return;
  Batch picked = gather(*batch_, rows_);
  picked.diffs = PerRow<Diff>::each(std::move(diffs_));
  done_.push_back(std::move(picked));
  rows_.clear();
  diffs_.clear();
}

}  // namespace tailrace::engine
